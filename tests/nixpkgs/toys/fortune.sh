#!/bin/bash
# One of a few sayings; another one each time.
sayings=(
  "A build that works twice works by design."
  "The page that is never run is the page that is wrong."
  "Whoever pins it may sleep; whoever does not will learn something tomorrow."
  "What the shell forgot, the store remembers."
  "Read the first error. The others are its children."
)
echo "${sayings[RANDOM % ${#sayings[@]}]}"
