#!/usr/bin/env bash
# The loop that Websoft9 used, written afresh: inotifywait, docker inspect, jq, sed. Not durable, not atomic for
# readers of a half-written source, and it forgets what fails. (Theirs also waited for restarts of Cockpit.)
#
#   loop.sh TABLE [CONTAINER VOLUME]    lines of TABLE: SOURCE<tab>TARGET; with a container, the source's folder
#                                       is asked of Docker at each event, as theirs did
set -u
table=$1 container=${2:-} volume=${3:-}

declare -A target
folders=()
while IFS=$'\t' read -r source out; do
  target[$source]=$out
  folders+=("${source%/*}")
done < "$table"

inotifywait -m -e close_write -e moved_to --format '%w%f' --fromfile <(printf '%s\n' "${folders[@]}") |
  while read -r file; do
    out=${target[$file]:-}
    [[ $out ]] || continue
    if [[ $container ]]; then
      root=$(docker inspect "$container" | jq -r --arg v "$volume" '.[0].Mounts[] | select(.Name == $v).Source')
      [[ $root && $file == "$root"/* ]] || continue
    fi
    port=$(sed -n 's/^port *= *//p' "$file")
    [[ $port ]] || continue
    [[ -e $out ]] || echo 'listen 0' > "$out"
    sed -i "s/^listen .*/listen $port/" "$out"
  done
