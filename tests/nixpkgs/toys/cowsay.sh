#!/bin/bash
# A cow that says its arguments, or its standard input; called as cowthink it thinks them.
eyes=oo tongue='  ' width=40 wrap=yes
while getopts bdgpstwye:f:hlnT:W: option; do
  case $option in
    b) eyes='==' ;;
    d) eyes=xx tongue='U ' ;;
    g) eyes='$$' ;;
    p) eyes='@@' ;;
    s) eyes='**' tongue='U ' ;;
    t) eyes=-- ;;
    w) eyes=OO ;;
    y) eyes=.. ;;
    e) eyes=${OPTARG:0:2} ;;
    T) tongue=$(printf '%-2.2s' "$OPTARG") ;;
    W) width=$OPTARG ;;
    n) wrap=no ;;
    l) echo default && exit 0 ;;
    f)
      if [ "$OPTARG" != default ]; then
        echo "cowsay: Could not find $OPTARG cowfile!" >&2
        exit 1
      fi
      ;;
    *)
      echo "Usage: cowsay [-bdgpstwy] [-hn] [-e eyes] [-T tongue] [-W wrapcolumn] [message]" >&2
      exit 1
      ;;
  esac
done
shift $((OPTIND - 1))

if [ $# -gt 0 ]; then message=$*; else message=$(cat); fi
message=${message//$'\t'/        }
# A line of the balloon is shorter than the wrap column, as in Perl's Text::Wrap.
if [ "$wrap" = yes ]; then
  lines=()
  while IFS= read -r paragraph || [ -n "$paragraph" ]; do
    line=
    for word in $paragraph; do
      while [ "${#word}" -ge "$width" ]; do
        if [ -n "$line" ]; then lines+=("$line"); fi
        lines+=("${word:0:width-1}")
        line='' word=${word:width-1}
      done
      if [ -z "$line" ]; then
        line=$word
      elif [ $((${#line} + 1 + ${#word})) -lt "$width" ]; then
        line+=" $word"
      else
        lines+=("$line")
        line=$word
      fi
    done
    lines+=("$line")
  done <<< "$message"
else
  mapfile -t lines <<< "$message"
fi

longest=0
for line in "${lines[@]}"; do
  if [ "${#line}" -gt "$longest" ]; then longest=${#line}; fi
done
printf -v border '%*s' $((longest + 2)) ''

# Two characters for a single line, the first, those between, and the last.
case ${0##*/} in
  cowthink) sides=('()' '()' '()' '()') trail=o ;;
  *) sides=('<>' '/\' '||' '\/') trail='\' ;;
esac
printf ' %s \n' "${border// /_}"
last=$((${#lines[@]} - 1))
for i in "${!lines[@]}"; do
  if [ "$last" = 0 ]; then
    side=${sides[0]}
  elif [ "$i" = 0 ]; then
    side=${sides[1]}
  elif [ "$i" = "$last" ]; then
    side=${sides[3]}
  else
    side=${sides[2]}
  fi
  printf -v padding '%*s' $((longest - ${#lines[i]})) ''
  printf '%s %s %s\n' "${side:0:1}" "${lines[i]}$padding" "${side:1:1}"
done
printf ' %s \n' "${border// /-}"

printf '%s\n' \
  "        $trail   ^__^" \
  "         $trail  ($eyes)\\_______" \
  "            (__)\\       )\\/\\" \
  "             $tongue ||----w |" \
  "                ||     ||"
