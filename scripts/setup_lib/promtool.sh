# shellcheck shell=bash
:
promtool_path() { command -v promtool || true; }
setup_promtool() { :; }
