#!/bin/bash
# A greeting, with the options of GNU Hello.
greeting='Hello, world!'
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help)
      echo "Usage: hello [OPTION]..."
      echo "Print a friendly, customizable greeting."
      echo
      echo "  -h, --help           display this help and exit"
      echo "  -v, --version        display version information and exit"
      echo "  -t, --traditional    use traditional greeting"
      echo "  -g, --greeting=TEXT  use TEXT as the greeting message"
      exit 0
      ;;
    -v | -V | --version)
      echo "hello (GNU Hello) 2.12.1"
      exit 0
      ;;
    -t | --traditional) greeting='hello, world' ;;
    -g | --greeting)
      greeting=${2?"hello: option requires an argument -- 'g'"}
      shift
      ;;
    --greeting=*) greeting=${1#*=} ;;
    -g*) greeting=${1#-g} ;;
    -*)
      echo "hello: unrecognized option '$1'" >&2
      echo "Try 'hello --help' for more information." >&2
      exit 1
      ;;
    *)
      echo "hello: extra operand: $1" >&2
      echo "Try 'hello --help' for more information." >&2
      exit 1
      ;;
  esac
  shift
done
printf '%s\n' "$greeting"
