#!/usr/bin/env bash
# Builds the package twice, has lintian look at it, then installs, upgrades, removes and purges it in a
# Debian 12 that debootstrap makes for this and that is gone afterwards. As root. systemd does not run
# there before the end: most is to work without it.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "$(id -u)" -ne 0 ]; then exec sudo "$0" "$@"; fi
# Mounts that are made below end with this process, however it ends.
if [ "${1:-}" != --unshared ]; then exec unshare --mount -- "$0" --unshared; fi
for tool in debootstrap lintian; do
  command -v $tool >/dev/null || {
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $tool >/dev/null
  }
done

work=$(mktemp -d)
root=$work/root
finish() {
  kill $(jobs -p) 2>/dev/null || true
  wait
  umount --recursive --lazy "$root/proc" 2>/dev/null || true
  rm -rf --one-file-system "$work"
}
trap finish EXIT
complain() {
  echo "test-deb: $*" >&2
  exit 1
}
# Not grep -q: who writes to a pipe that nobody reads any more fails.
holds() { grep -e "$1" >/dev/null; }
within() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"; }
apt() { within DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@"; }
# A package of another version, which is the one at hand in all else.
with_version() {
  rm -rf "$work/other"
  dpkg-deb --raw-extract "$package" "$work/other"
  sed -i "s/^Version: .*/Version: $1/" "$work/other/DEBIAN/control"
  dpkg-deb --root-owner-group -Znone --build "$work/other" "$2" >/dev/null
}
installed_version() { within dpkg-query -W -f '${Version}\n' aidevbot; }
as_bot() { within runuser -u aidevbot -- env STATE_DIRECTORY=/var/lib/aidevbot aidevbot "$@"; }
expect_credits() {
  as_bot credits show 0 | holds '^Balance: *100' || complain "$1: the account is not what it was"
}

debootstrap --variant=minbase --include=ca-certificates,man-db,systemd,sudo bookworm "$root" \
  >"$work/debootstrap.log" 2>&1 &
debootstrap=$!

echo "-- two builds of the same sources"
mkdir "$work/again"
package=$(systemd/build-deb.sh "$work")
again=$(systemd/build-deb.sh "$work/again")
cmp "$package" "$again" || complain "they differ"
dpkg-deb --info "$package" | sed -n '/^ Package:/,$p'
version=$(dpkg-deb --field "$package" Version)
echo "   $(stat -c %s "$package") bytes after $SECONDS s"

echo "-- lintian"
lintian --allow-root --fail-on error,warning "$package" >"$work/log" 2>&1 ||
  complain "it finds: $(cat "$work/log")"

echo "-- a Debian 12"
wait "$debootstrap" || {
  tail -n 20 "$work/debootstrap.log" >&2
  complain "debootstrap failed"
}
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
apt update
echo "   after $SECONDS s"

echo "-- install"
before=$SECONDS
cp "$package" "$root/tmp/"
apt install "/tmp/$(basename "$package")" >"$work/log" 2>&1 || {
  cat "$work/log" >&2
  complain "it cannot be installed"
}
grep -A2 '^aidevbot: fill in' "$work/log" || complain "nobody is told what to type next"
echo "   took $((SECONDS - before)) s"
within sh -c 'cd / && md5sum --check --quiet var/lib/dpkg/info/aidevbot.md5sums'
[[ "$(within aidevbot --version)" = "$version"\ \(* ]] || complain "the version is another"
for name in aidevbot aidevbot-admin; do
  within man -w $name >/dev/null || complain "there is no man page of $name"
  within sh -c "MANWIDTH=80 man --warnings $name 2>&1 >/dev/null" | grep . &&
    complain "the roff of $name is bad"
done
for section in 'EXIT STATUS' FILES ENVIRONMENT 'AS THE BOT' 'aidevbot credits grant'; do
  within man aidevbot | holds "^ *$section" || complain "the man page has no $section"
done
for name in aidevbot aidevbot-admin; do
  # shellcheck disable=SC2016
  within bash -c 'source "/usr/share/bash-completion/completions/$0"
    COMP_LINE="$0 us" COMP_WORDS=("$0" us) COMP_CWORD=1 COMP_POINT=${#COMP_LINE}
    "_$0" "$0" us "$0" && echo "${COMPREPLY[*]}"' $name | holds '^users usage$' ||
    complain "bash does not complete $name"
done
for file in zsh/vendor-completions/_aidevbot fish/vendor_completions.d/aidevbot.fish \
  zsh/vendor-completions/_aidevbot-admin fish/vendor_completions.d/aidevbot-admin.fish \
  aidevbot/starter-prices.json doc/aidevbot/examples/aidevbot.example.yaml doc/aidevbot/copyright \
  doc/aidevbot/README.md doc/aidevbot/changelog.gz; do
  [ -s "$root/usr/share/$file" ] || complain "there is no $file"
done
modes=$(within sh -c \
  'stat -c "%a %U %n" /etc/aidevbot/credentials /etc/aidevbot/credentials/* /var/lib/aidevbot')
[ "$modes" = "700 root /etc/aidevbot/credentials
600 root /etc/aidevbot/credentials/gemini_api_key
600 root /etc/aidevbot/credentials/openrouter_api_key
600 root /etc/aidevbot/credentials/telegram_bot_token
700 aidevbot /var/lib/aidevbot" ] || complain "the modes are $modes"
[ ! -e "$root/etc/systemd/system/multi-user.target.wants/aidevbot.service" ] ||
  complain "it is enabled before anybody has asked for it"

echo "-- the unit"
complaints=$(within sh -c 'systemd-analyze verify /lib/systemd/system/aidevbot*.*' 2>&1) ||
  complain "$complaints"
[ -z "$complaints" ] || complain "$complaints"
within systemd-analyze security --offline=true --threshold=15 --no-pager \
  /lib/systemd/system/aidevbot.service | tail -n 1
within systemd-analyze security --offline=true --threshold=20 --no-pager \
  /lib/systemd/system/aidevbot-workshop@.service | tail -n 1
[ -L "$root/etc/systemd/system/sockets.target.wants/aidevbot-workshop.socket" ] ||
  complain "the socket of the workshop is not enabled"
within which bwrap >/dev/null || complain "bubblewrap does not come along"

echo "-- secrets"
status=0
within CREDENTIALS_DIRECTORY=/etc/aidevbot/credentials aidevbot run >"$work/log" 2>&1 || status=$?
[ "$status" -eq 78 ] || complain "without secrets, it ends with status $status"
echo "AIzaNoKey" >"$root/etc/aidevbot/credentials/gemini_api_key"
within CREDENTIALS_DIRECTORY=/etc/aidevbot/credentials aidevbot run >"$work/log" 2>&1 || true
# The Gemini key is all that the packaged settings need besides the token.
grep -q '^aidevbot: TELEGRAM_BOT_TOKEN is not set' "$work/log" ||
  complain "with one of two secrets, it says: $(cat "$work/log")"
: >"$root/etc/aidevbot/credentials/gemini_api_key"

echo "-- hints"
# What root sees who does not know of aidevbot-admin.
token=/etc/aidevbot/credentials/telegram_bot_token
status=0
within aidevbot check-config >"$work/log" 2>&1 || status=$?
[ "$status" -eq 78 ] && grep -q "FAILED.*TELEGRAM_BOT_TOKEN is not set.* → sudo editor $token\$" "$work/log" &&
  grep -q '→ aidevbot-admin check-config$' "$work/log" || complain "check-config says: $(cat "$work/log")"
grep 'editor /etc/aidevbot/aidevbot.yaml' "$work/log" && complain "a secret is to go where all may read"
within CREDENTIALS_DIRECTORY=/etc/aidevbot/credentials aidevbot run >"$work/log" 2>&1 || true
grep -q "^aidevbot: TELEGRAM_BOT_TOKEN .*$token" "$work/log" || complain "run says: $(cat "$work/log")"
within aidevbot users list >"$work/log" 2>&1 && complain "root sees another database"
grep -q 'type: aidevbot-admin users list$' "$work/log" || complain "users list says: $(cat "$work/log")"

status=0
within aidevbot-admin check-config >"$work/log" 2>&1 || status=$?
[ "$status" -eq 1 ] && grep -q 'systemd does not run here' "$work/log" ||
  complain "without systemd, aidevbot-admin ends with $status and says: $(cat "$work/log")"

echo "-- an account"
echo /start | as_bot console | holds "100.00 credits" || complain "the console gives no welcome"
expect_credits "after the console"

echo "-- upgrade"
echo "# mine" >>"$root/etc/aidevbot/aidevbot.yaml"
echo "123:abc" >"$root/etc/aidevbot/credentials/telegram_bot_token"
within systemctl --quiet enable aidevbot.service
# As the next commit has it.
next=${version%+*}+$((${version#*+} + 1))
with_version "$next" "$root/tmp/next.deb"
apt install /tmp/next.deb >"$work/log" 2>&1 || complain "it cannot be upgraded: $(cat "$work/log")"
grep -q '^aidevbot:' "$work/log" && complain "the upgrade says: $(cat "$work/log")"
[ "$(installed_version)" = "$next" ] || complain "it is not upgraded"
expect_credits "after the upgrade"
as_bot ledger verify >/dev/null || complain "the ledger is broken after the upgrade"
tail -n 1 "$root/etc/aidevbot/aidevbot.yaml" | holds mine || complain "the settings are lost"
grep -q 123:abc "$root/etc/aidevbot/credentials/telegram_bot_token" || complain "the token is lost"
[ -L "$root/etc/systemd/system/multi-user.target.wants/aidevbot.service" ] ||
  complain "it is no longer enabled after the upgrade"

echo "-- remove"
apt remove aidevbot >"$work/log" 2>&1 || complain "it cannot be removed: $(cat "$work/log")"
[ ! -e "$root/usr/bin/aidevbot" ] || complain "the program is still there"
[ -s "$root/var/lib/aidevbot/aidevbot.sqlite" ] || complain "removing deletes the data"
grep -q 123:abc "$root/etc/aidevbot/credentials/telegram_bot_token" || complain "the token is lost"
apt install /tmp/next.deb >"$work/log" 2>&1 || complain "it cannot be installed again"
expect_credits "after it was installed again"

echo "-- purge, with nobody to answer"
# Not even where somebody has answered beforehand.
echo "aidevbot aidevbot/purge-data boolean true" | within debconf-set-selections
apt purge aidevbot >"$work/log" 2>&1 || complain "it cannot be purged: $(cat "$work/log")"
grep -q '/var/lib/aidevbot is kept' "$work/log" || complain "nobody is told that the data is kept"
[ -s "$root/var/lib/aidevbot/aidevbot.sqlite" ] || complain "it deletes the data"
[ ! -e "$root/etc/aidevbot" ] || complain "the secrets are still there"

# A terminal, at which `$1` is typed.
purge_and_answer() {
  apt install /tmp/next.deb >"$work/log" 2>&1 || complain "it cannot be installed after a purge"
  script -qec "chroot '$root' env DEBIAN_FRONTEND=teletype LC_ALL=C.UTF-8 dpkg --purge aidevbot" \
    "$work/log" <<<"$1" >/dev/null || complain "it cannot be purged: $(cat "$work/log")"
  grep -q 'Delete the accounts' "$work/log" || complain "it does not ask: $(cat "$work/log")"
}
echo "-- purge, answered no"
purge_and_answer no
[ -s "$root/var/lib/aidevbot/aidevbot.sqlite" ] || complain "it deletes the data"
echo "-- purge, answered yes"
purge_and_answer yes
[ ! -e "$root/var/lib/aidevbot" ] || complain "it keeps the data"
echo "-- purge, where the data is on a volume of its own"
# With a second one below it, which is not the bot's to empty.
mkdir "$root/var/lib/aidevbot"
mount -t tmpfs tmpfs "$root/var/lib/aidevbot"
mkdir -p "$root/var/lib/aidevbot/backups/old" "$root/var/lib/aidevbot/elsewhere"
mount -t tmpfs tmpfs "$root/var/lib/aidevbot/elsewhere"
touch "$root/var/lib/aidevbot/aidevbot.sqlite" "$root/var/lib/aidevbot/elsewhere/kept"
echo KEY=secret >"$work/litestream.env"
install -D -m600 "$work/litestream.env" -t "$root/etc/aidevbot"
purge_and_answer yes
[ ! -e "$root/etc/aidevbot" ] || complain "the secrets are still there"
[ "$(ls "$root/var/lib/aidevbot")" = elsewhere ] || complain "it keeps the data"
[ -e "$root/var/lib/aidevbot/elsewhere/kept" ] || complain "it empties another volume"
grep -q '^  /var/lib/aidevbot/elsewhere' "$work/log" || complain "it does not say what stays"
umount "$root/var/lib/aidevbot/elsewhere"
touch "$root/var/lib/aidevbot/aidevbot.sqlite"
purge_and_answer yes
[ -z "$(ls "$root/var/lib/aidevbot")" ] || complain "it keeps the data"
grep -q 'is empty now' "$work/log" || complain "it does not say that the folder stays"
umount "$root/var/lib/aidevbot"
rmdir "$root/var/lib/aidevbot"
echo "-- purge, where the data is behind a link"
mkdir "$root/srv/bot"
touch "$root/srv/bot/aidevbot.sqlite"
ln -s /srv/bot "$root/var/lib/aidevbot"
purge_and_answer yes
[ ! -e "$root/srv/bot" ] || complain "it keeps the data"
[ ! -L "$root/var/lib/aidevbot" ] || complain "it keeps the link"
within dpkg --audit

echo "-- upgrade from before versions grew"
with_version "${version%+*}" "$root/tmp/before.deb"
apt install /tmp/before.deb >"$work/log" 2>&1 || complain "it cannot be installed again"
[ "$(installed_version)" = "${version%+*}" ] || complain "there is no version to upgrade from"
apt install "/tmp/$(basename "$package")" >"$work/log" 2>&1 ||
  complain "it cannot be upgraded: $(cat "$work/log")"
[ "$(installed_version)" = "$version" ] || complain "apt takes it for no newer version"

echo "-- systemd"
before=$SECONDS
systemd/test-start.sh "$root" "$root/tmp/next.deb"
echo "   took $((SECONDS - before)) s"
echo "-- done after $SECONDS s"
