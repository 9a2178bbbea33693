# Sourced by the scripts beside it. Sets `root` and `python`, and defines `enter`.

root=$(readlink -f -- "$0")
root=${root%/*/*}
python=$root/.venv/bin/python

# enter LOCK ARGUMENT...: become the environment's Python, with these arguments.
#
# The environment holds a copy of every lock file it satisfies. Where that of LOCK is missing
# or differs, environment.py builds the environment anew before it becomes Python.
enter() {
    lock=$1
    shift
    if [ -x "$python" ] && cmp -s "$root/$lock" "$root/.venv/$lock"; then
        exec "$python" "$@"
    fi
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            exec "$candidate" -I "$root/scripts/environment.py" "$lock" "$@"
        fi
    done
    echo "jeeves: Python 3.11 or newer is needed and none is on PATH" \
        "(python3 is $(python3 --version 2>/dev/null || echo 'not there'));" \
        "install one, on Debian and Ubuntu with: apt-get install python3 python3-venv" >&2
    exit 1
}
