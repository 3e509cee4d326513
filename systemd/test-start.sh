#!/usr/bin/env bash
# Boots systemd in a folder with a Debian in which the package is installed, as process 1 of namespaces
# of its own, and has it start, watch, upgrade and stop the bot, whose Telegram is a server beside it
# with a certificate of its own. It also breaks a backup, of which that Telegram has to hear. Called by
# test-deb.sh: test-start.sh ROOT NEXT.deb
set -euo pipefail
root=$1
next=$2
work=$(mktemp -d)
hierarchies=$(awk '$3 == "cgroup" { print $2 }' /proc/self/mounts)
hierarchy=$(awk '$3 == "cgroup" && $4 ~ /name=systemd/ { print $2; exit }' /proc/self/mounts)
group=aidevbot-test-$$
for tool in python3 openssl; do command -v "$tool" >/dev/null || hierarchy=; done
if [ -z "$hierarchy" ] || ! mkdir "$hierarchy/$group" 2>/dev/null; then
  echo "   NOT TESTED: this takes python3, openssl and cgroups of version 1 that can be written to."
  exit 0
fi

launcher=
telegram=
finish() {
  # The first process of a namespace takes all others along.
  [ -z "$launcher" ] || pkill -KILL -P "$launcher" || true
  [ -z "$telegram" ] || kill "$telegram" 2>/dev/null || true
  wait
  for hierarchy in $hierarchies; do
    for _ in $(seq 50); do
      [ -d "$hierarchy/$group" ] || break
      find "$hierarchy/$group" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
    done
  done
  rm -rf "$work"
}
trap finish EXIT
complain() {
  echo "test-start: $*" >&2
  inside journalctl --no-pager -o cat -u aidevbot 2>/dev/null | tail -n 20 >&2
  exit 1
}
enter=(--mount --pid --uts --ipc --cgroup --root env -i -C / PATH=/usr/sbin:/usr/bin:/sbin:/bin
  LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive)
inside() { nsenter --target "$init" "${enter[@]}" "$@"; }
# Not grep -q: who writes to a pipe that nobody reads any more fails.
holds() { grep -e "$1" >/dev/null; }
# Somebody who is not root, but may sudo.
as_operator() { inside runuser -u operator -- "$@"; }
property() { inside systemctl show --value --property="$1" aidevbot; }
# Up to 30 s.
until_it_is() {
  for _ in $(seq 300); do
    if [ "$(property "$1" 2>/dev/null)" = "$2" ]; then return; fi
    sleep 0.1
  done
  complain "$1 is $(property "$1"), and not $2"
}

cat >"$work/telegram.py" <<'PYTHON'
import http.server, json, ssl, sys, time

class Telegram(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    results = {
        "getMe": {"id": 1, "is_bot": True, "first_name": "Bot", "username": "bot"},
        "getWebhookInfo": {"url": "", "has_custom_certificate": False, "pending_update_count": 0},
        "getUpdates": [],
        "getStarTransactions": {"transactions": []},
        "getMyStarBalance": {"amount": 0},
    }

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        method = self.path.rsplit("/", 1)[1]
        if method == "sendMessage":
            with open(sys.argv[3], "ab") as said:
                said.write(body + b"\n")
            self.results[method] = {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}}
        if method == "getUpdates":
            time.sleep(1)
        body = json.dumps({"ok": True, "result": self.results.get(method, True)}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Telegram)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = tls.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
python3 "$work/telegram.py" "$work/cert.pem" "$work/key.pem" "$work/said" >"$work/port" 2>/dev/null &
telegram=$!
install -m644 "$work/cert.pem" "$root/usr/local/share/ca-certificates/aidevbot-test.crt"
chroot "$root" update-ca-certificates >/dev/null 2>&1
until [ -s "$work/port" ]; do kill -0 "$telegram" && sleep 0.1; done
install -m600 /dev/stdin "$root/etc/aidevbot/secrets.env" \
  <<<"TELEGRAM_API_BASE_URL=https://localhost:$(cat "$work/port")
TELEGRAM_ADMIN_USER_IDS=1001"
cp "$next" "$root/next.deb"
chroot "$root" useradd --create-home --gid operator operator
echo "operator ALL=(ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/operator"

cat >"$work/boot" <<'BOOT'
set -e
cd "$1"
mount --make-rprivate /
mount --bind . .
cd "$1"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t tmpfs tmpfs sys/fs/cgroup
mkdir sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs dev
for device in null zero full random urandom tty; do
  touch "dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
ln -s /proc/self/fd dev/fd
ln -s pts/ptmx dev/ptmx
mkdir -p dev/shm dev/pts old
mount -t tmpfs tmpfs dev/shm
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
hostname aidevbot-test
pivot_root . old
cd /
umount --lazy /old
# Where credentials are mounted for a unit, the unit has to see it.
mount --make-rshared /
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd \
  --log-target=journal --show-status=0 --unit=aidevbot-test.target
BOOT
printf '[Unit]\nRequires=basic.target systemd-journald.service\nAfter=basic.target\n' \
  >"$root/etc/systemd/system/aidevbot-test.target"
ln -sf /dev/null "$root/etc/systemd/system/systemd-udevd.service"
(
  # In a group of its own everywhere: systemd mounts all hierarchies, and would else leave groups at the
  # root of each.
  for hierarchy in $hierarchies; do
    mkdir -p "$hierarchy/$group" && echo "$BASHPID" >"$hierarchy/$group/cgroup.procs" || true
  done 2>/dev/null
  exec unshare --mount --pid --fork --kill-child --cgroup --uts --ipc -- bash "$work/boot" "$root"
) >"$work/log" 2>&1 &
launcher=$!
for _ in $(seq 100); do
  init=$(pgrep -P "$launcher" || true)
  if [ -n "$init" ] && inside systemctl --quiet is-active aidevbot-test.target 2>/dev/null; then
    break
  fi
  init=
  sleep 0.1
done
if [ -z "$init" ]; then
  echo "   NOT TESTED: systemd does not come up here."
  tail -n 5 "$work/log"
  exit 0
fi

secrets=$root/etc/aidevbot/credentials
inside systemctl start aidevbot 2>/dev/null && complain "it starts without its secrets"
until_it_is ExecMainStatus 78
[ "$(property ActiveState) $(property NRestarts)" = "failed 0" ] || complain "it is tried again"
inside journalctl -o cat -u aidevbot | holds '^aidevbot: .*_KEY are not set' ||
  complain "nobody is told what is missing"
echo "   without secrets: status 78, and not tried again"

status=0
inside aidevbot-admin check-config >"$work/log" 2>&1 || status=$?
[ "$status" -eq 78 ] || complain "without secrets, aidevbot-admin ends with $status: $(cat "$work/log")"
echo /start | as_operator aidevbot-admin console 2>/dev/null | holds "100.00 credits" ||
  complain "aidevbot-admin passes on no input, or does not get at the data"
reason='"two  words" for ${HOME}, $$, 100 %'
as_operator aidevbot-admin credits grant 0 5 --reason "$reason" >"$work/log" 2>&1 ||
  complain "aidevbot-admin cannot grant: $(cat "$work/log")"
inside aidevbot-admin credits history 0 | holds "$reason" || complain "its arguments are changed"
owners=$(inside sh -c 'stat -c "%U %a" /var/lib/aidevbot/aidevbot.sqlite')
[ "$owners" = "aidevbot 600" ] || complain "aidevbot-admin makes files of $owners"
inside mv /usr/bin/sudo /usr/bin/sudo.away
as_operator aidevbot-admin check-config >"$work/log" 2>&1 || true
grep -q 'there is no sudo' "$work/log" || complain "without sudo, aidevbot-admin does not say so"
inside mv /usr/bin/sudo.away /usr/bin/sudo
echo "   aidevbot-admin: input, arguments, data and exit status are as they should be"

echo 1:token >"$secrets/telegram_bot_token"
echo AIzaKey >"$secrets/gemini_api_key"
rm "$secrets/openrouter_api_key"
inside systemctl start aidevbot || complain "it does not start"
[ "$(property ActiveState)" = active ] || complain "it is not active"
version=$(inside dpkg-query -W -f '${Version}' aidevbot)
database=/var/lib/aidevbot/aidevbot.sqlite
inside journalctl -o cat -u aidevbot |
  holds "^notice Starting\. commit=[0-9a-f]* database=$database settings=.* version=$version\$" ||
  complain "the log does not say what starts: $(inside journalctl -o cat -u aidevbot)"
[[ "$(property StatusText)" = "$version: up "* ]] || complain "its status is $(property StatusText)"
echo "   with two secrets: $(property StatusText)"
printf 'billing:\n  markup: much\n' >"$root/tmp/some settings.yaml"
status=0
inside sh -c 'cd /tmp && aidevbot-admin check-config --config "some settings.yaml"' >"$work/log" 2>&1 ||
  status=$?
[ "$status" -eq 78 ] && grep -q 'BILLING_MARKUP.*some settings' "$work/log" ||
  complain "with a file in the current folder, aidevbot-admin says: $(cat "$work/log")"

# What lies in somebody's folder says nothing about where the token goes.
mkdir -p "$root/tmp/theirs/config"
printf 'billing:\n  markup: theirs\n' >"$root/tmp/theirs/config/aidevbot.yaml"
inside sh -c 'cd /tmp/theirs && aidevbot-admin check-config' >"$work/log" 2>&1 || true
if grep -q 'BILLING_MARKUP' "$work/log"; then
  complain "aidevbot-admin reads a file of the current folder: $(cat "$work/log")"
fi
grep -q 'from the environment, the credentials and /etc/aidevbot/aidevbot.yaml' "$work/log" ||
  complain "aidevbot-admin does not read /etc/aidevbot/aidevbot.yaml: $(cat "$work/log")"

printf '\nstars:\n  usd_per_star: 0.02\n' >>"$root/etc/aidevbot/aidevbot.yaml"
inside systemctl reload aidevbot || complain "it cannot be reloaded"
for _ in $(seq 100); do
  if inside journalctl -o cat -u aidevbot | holds 'usd_per_star: .*0.02'; then break; fi
  sleep 0.1
done
inside journalctl -o cat -u aidevbot | holds 'usd_per_star: .*0.02' ||
  complain "it does not read its settings again"
[ "$(property ActiveState) $(property NRestarts)" = "active 0" ] || complain "a reload ends it"
echo "   reloaded: says what changed"

inside systemctl start aidevbot-backup || complain "there is no backup"
as_operator aidevbot-admin doctor >"$work/log" 2>&1 || true
grep -q '^ok      backup        the newest is less than an hour old' "$work/log" ||
  complain "doctor says of the backups: $(cat "$work/log")"
mv "$root/var/lib/aidevbot/backups" "$work/backups"
touch "$root/var/lib/aidevbot/backups"
inside systemctl start aidevbot-backup 2>/dev/null && complain "a backup succeeds that cannot"
as_operator aidevbot-admin doctor >"$work/log" 2>&1 && complain "doctor finds nothing wrong"
grep -q '^FAILED  backup .*→ journalctl -u aidevbot-backup -n 20' "$work/log" ||
  complain "doctor says of the failed backup: $(cat "$work/log")"
# The bot looks into its outbox once a minute.
for _ in $(seq 750); do
  if [ -s "$work/said" ]; then break; fi
  sleep 0.1
done
grep -q 'aidevbot-backup.service has failed' "$work/said" ||
  complain "nobody hears of the failed backup: $(inside journalctl -o cat -u 'aidevbot-alert@*')"
rm "$root/var/lib/aidevbot/backups"
mv "$work/backups" "$root/var/lib/aidevbot/backups"
inside systemctl reset-failed aidevbot-backup
echo "   a backup that fails: the administrators hear of it"

"$(dirname "$0")/test-workshop.sh" "$root" "$init"

mkdir -p "$root/etc/systemd/system/aidevbot.service.d"
printf '[Service]\nWatchdogSec=2s\nTimeoutAbortSec=1s\nRestartSec=1s\n' \
  >"$root/etc/systemd/system/aidevbot.service.d/test.conf"
inside systemctl daemon-reload
inside systemctl restart aidevbot
sleep 4
[ "$(property NRestarts) $(property ActiveState)" = "0 active" ] || complain "it is killed at work"
inside systemctl kill --kill-whom=main --signal=SIGSTOP aidevbot
until_it_is NRestarts 1
until_it_is ActiveState active
echo "   alive for two terms of the watchdog; hung: killed and started again"
rm -r "$root/etc/systemd/system/aidevbot.service.d"
inside systemctl daemon-reload

# The lines of the README, typed by somebody who is not root. Their editor writes what the comments say.
recipe=$(sed -n '/^token=/,/shred/p' "$(dirname "$0")/README.md")
dropin=$(sed -n 's/^.*#  *\(\[Service\]\|LoadCredentialEncrypted=.*\)$/\1/p' <<<"$recipe")
install -m755 /dev/stdin "$root/usr/local/bin/editor" <<EDITOR
#!/bin/sh
cat >"\$1" <<'DROPIN'
$dropin
DROPIN
EDITOR
echo "$recipe" >"$root/tmp/recipe"
# It takes a terminal.
script -qec "nsenter --target $init ${enter[*]} runuser -u operator -- sh -e /tmp/recipe" "$work/log" \
  </dev/null >/dev/null || complain "the token cannot be encrypted: $(cat "$work/log")"
[ ! -e "$secrets/telegram_bot_token" ] || complain "the token is still there in plain"
[ -s "$secrets/telegram_bot_token.cred" ] || complain "the token is not there, encrypted"
[ "$(property ActiveState)" = active ] || complain "it does not run with an encrypted token"
as_operator aidevbot-admin stars balance >"$work/log" 2>&1 ||
  complain "aidevbot-admin does not have the encrypted token: $(cat "$work/log")"
echo "   with an encrypted token: runs, and so does aidevbot-admin"

running_version() { inside readlink "/proc/$(property MainPID)/exe"; }
before=$(property MainPID)
cp "$root/etc/aidevbot/aidevbot.yaml" "$work/settings"
printf '\nbilling:\n  markup: much\n' >>"$root/etc/aidevbot/aidevbot.yaml"
inside apt-get -qq install /next.deb >"$work/log" 2>&1 || complain "$(cat "$work/log")"
grep -q '^aidevbot: the earlier version goes on' "$work/log" && grep -q BILLING_MARKUP "$work/log" ||
  complain "with bad settings, the upgrade says: $(cat "$work/log")"
[ "$(property ActiveState) $(property MainPID)" = "active $before" ] ||
  complain "an upgrade that does not take the settings ends it"
running_version | holds deleted || complain "it runs another version than the earlier one"
echo "   upgraded with bad settings: the earlier version goes on"

cp "$work/settings" "$root/etc/aidevbot/aidevbot.yaml"
inside dpkg --install /next.deb >"$work/log" 2>&1 || complain "$(cat "$work/log")"
grep -q '^aidevbot:' "$work/log" && complain "the upgrade says: $(cat "$work/log")"
[ "$(property ActiveState)" = active ] || complain "it does not run after an upgrade"
[ "$(property MainPID)" != "$before" ] || complain "an upgrade does not restart it"
[ "$(running_version)" = /usr/bin/aidevbot ] || complain "it does not run the new version"
# An upgrade puts an empty file there.
[ -e "$secrets/telegram_bot_token" ] && [ ! -s "$secrets/telegram_bot_token" ] ||
  complain "the file of the token is not empty"
inside systemctl restart aidevbot || complain "the empty file comes before the encrypted one"
as_operator aidevbot-admin stars balance >"$work/log" 2>&1 ||
  complain "for aidevbot-admin, the empty file comes before the encrypted one: $(cat "$work/log")"
echo "   upgraded: restarted, with the encrypted token"
inside systemctl stop aidevbot
[ "$(property Result) $(property ExecMainStatus)" = "success 0" ] || complain "it does not stop well"
inside systemctl start aidevbot
inside apt-get -qq remove aidevbot >"$work/log" 2>&1 || complain "$(cat "$work/log")"
[ "$(inside systemctl is-active aidevbot)" = inactive ] || complain "it runs without its package"
[ "$(inside systemctl is-active aidevbot-workshop.socket)" = inactive ] ||
  complain "the workshop is there without its package"
echo "   removed: stopped"
