/**
 * The shell script between us and the server; it outlives us, however we end.
 *
 * Arguments: the log file, the directory to remove at the end (or an empty string), the server and
 * its arguments. Standard input is a pipe whose other end we hold: its end of file means that we
 * stop the server, or are gone, even by SIGKILL.
 *
 * SIGINT asks PostgreSQL for a fast shutdown. It is repeated because a background job of a shell
 * ignores SIGINT until PostgreSQL has put its own handler in place; after a minute SIGQUIT follows.
 */
export const WRAPPER = `
log=$1 ephemeral=$2
shift 2
exec 3<&0 </dev/null >"$log" 2>&1
"$@" 3<&- &
server=$!
(
  read -r _ <&3
  [ -z "$ephemeral" ] || : >"$ephemeral/closing"
  seconds=0
  while kill -INT "$server"; do
    sleep 1
    seconds=$((seconds + 1))
    [ "$seconds" -lt 60 ] || kill -QUIT "$server"
  done
) 2>/dev/null &
reader=$!
wait "$server"
code=$?
kill "$reader" 2>/dev/null
[ -z "$ephemeral" ] || [ ! -e "$ephemeral/closing" ] || rm -rf -- "$ephemeral"
exit "$code"
`
