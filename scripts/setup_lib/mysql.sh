mysql_root() { :; }
setup_mysql() { :; }
