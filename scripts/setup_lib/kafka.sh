KAFKA_DIR=kafka-4.1.2
setup_kafka() { :; }
