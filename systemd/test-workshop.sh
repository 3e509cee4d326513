#!/usr/bin/env bash
# Tries the workshop under the systemd that test-start.sh has booted: real runs through its socket, the ways
# out that `aidevbot doctor` tries, and what only the unit can bound. Called by test-start.sh:
# test-workshop.sh ROOT INIT
set -euo pipefail
root=$1
init=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
inside() {
  nsenter --target "$init" --mount --pid --uts --ipc --cgroup --root env -i -C / LC_ALL=C.UTF-8 \
    PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}
complain() {
  echo "test-workshop: $*" >&2
  inside journalctl --no-pager -o cat -u 'aidevbot-workshop*' | tail -n 20 >&2
  exit 1
}
holds() { grep -e "$1" >/dev/null; }

[ "$(inside systemctl is-enabled aidevbot-workshop.socket)" = enabled ] ||
  complain "the socket is not enabled by the installation"
[ "$(inside systemctl is-active aidevbot-workshop.socket)" = active ] ||
  complain "the socket is not there after the installation"
modes=$(inside stat -c '%a %U %G' /run/aidevbot-workshop/socket)
[ "$modes" = "660 root aidevbot" ] || complain "the socket is of $modes"
inside runuser -u operator -- perl -MIO::Socket::UNIX -e \
  'exit(IO::Socket::UNIX->new(Peer => "/run/aidevbot-workshop/socket") ? 1 : 0)' ||
  complain "anybody may connect"

inside runuser -u operator -- aidevbot-admin doctor >"$work/log" 2>&1 || true
grep -q '^ok      workshop .*refuses every way out' "$work/log" ||
  complain "doctor says: $(grep workshop "$work/log")"
grep -q "^ok      workshop .*the service's, with .*perl" "$work/log" ||
  complain "doctor says: $(grep workshop "$work/log")"
echo "   workshop: $(sed -n 's/.*workshop  *refuses/refuses/p' "$work/log")"

cat >"$work/client.py" <<'PYTHON'
import socket, struct, sys, time, glob, os

path = sys.argv[1]
GREETING = b"aidevbot workshop 1\n"

def connect():
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    return s

def read(s, count):
    data = b""
    while len(data) < count:
        part = s.recv(count - len(data))
        if not part: raise EOFError(data)
        data += part
    return data

def begin(command, seconds=60):
    while True:
        s = connect()
        try:
            assert read(s, len(GREETING)) == GREETING
            break
        except (EOFError, ConnectionResetError):
            time.sleep(0.1)
    text = command.encode()
    s.sendall(struct.pack(">II", seconds, len(text)) + text
              + struct.pack(">II", 1, 5) + b"a/b.c" + struct.pack(">I", 5) + b"hello")
    return s

def end(s):
    kind, value, ms, length = struct.unpack(">BIII", read(s, 13))
    return kind, value, read(s, length).decode()

def expect(what, seen, wanted):
    if not wanted:
        sys.exit(f"{what}: {seen}")
    print(f"   workshop: {what}")

expect("a run", seen := end(begin("cat a/b.c; exit 3")), seen == (0, 3, "hello"))

a, b = begin("sleep 1; echo alive"), begin("sleep 1; id -u")
time.sleep(0.5)
status = [open(f"{d}/status").read() for d in glob.glob("/proc/[0-9]*")
          if os.path.exists(f"{d}/cmdline") and b"serve-workshop" in open(f"{d}/cmdline", "rb").read()]
uids = {line.split()[1] for s in status for line in s.split("\n") if line.startswith("Uid:")}
expect("two runs have two users, neither of them root", uids, len(uids) == 2 and "0" not in uids)
third = connect()
expect("over its number of connections: an end without a byte", seen := third.recv(1), seen == b"")
expect("both runs end well", seen := (end(a)[2], end(b)[2]), seen == ("alive\n", "65534\n"))

# Each process stays below its own limit.
hungry = "perl -e '$x = \"x\" x (350 << 20); sleep 3; print \"full\\n\"' &\n" * 6 + "wait"
kind, value, output = end(begin(hungry))
expect("memory of all together is bounded, and the result comes back", output,
       0 < output.split("\n").count("full") < 6)

begin("sleep 300", 300).close()
for _ in range(300):
    left = [d for d in glob.glob("/proc/[0-9]*/cmdline") if os.path.exists(d)
            and b"serve-workshop" in open(d, "rb").read()]
    if not left: break
    time.sleep(0.1)
expect("a client that goes away ends its run", left, not left)
expect("the time of a run", seen := end(begin("trap '' TERM; sleep 300", 1)), seen[0] == 2)
PYTHON
python3 "$work/client.py" "/proc/$init/root/run/aidevbot-workshop/socket" >"$work/said" 2>"$work/log" ||
  complain "$(cat "$work/said" "$work/log")"
cat "$work/said"

for limit in MemoryMax=1073741824 MemorySwapMax=0 TasksMax=256 CPUQuotaPerSecUSec=1s \
  RuntimeMaxUSec=11min PrivateNetwork=yes DynamicUser=yes; do
  inside systemctl show aidevbot-workshop@1.service --property="${limit%%=*}" | holds "^$limit\$" ||
    complain "its unit has $(inside systemctl show aidevbot-workshop@1.service --property="${limit%%=*}")"
done
for _ in $(seq 100); do
  if ! inside systemctl list-units --all --plain --no-legend 'aidevbot-workshop@*' | grep .; then break; fi
  sleep 0.1
done >"$work/log"
inside systemctl list-units --all --plain --no-legend 'aidevbot-workshop@*' | holds . &&
  complain "runs stay behind: $(tail -n 5 "$work/log")"
echo "   workshop: nothing stays behind"
