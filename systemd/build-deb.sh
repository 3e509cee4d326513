#!/usr/bin/env bash
# Builds aidevbot and packs it for this machine's Debian: aidevbot_VERSION_ARCHITECTURE.deb in the
# folder that is named, or else in the current one. The same sources give the same package.
set -euo pipefail
umask 022
export LC_ALL=C.UTF-8 TZ=UTC
output=$(realpath "${1:-.}")
cd "$(dirname "$0")/.."
debian=$PWD/systemd/debian

for tool in swift strip dpkg-deb dpkg-shlibdeps; do
  command -v "$tool" >/dev/null || {
    echo "build-deb.sh needs $tool; .ci/install-dependencies installs what Debian has." >&2
    exit 1
  }
done
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
  SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || stat -c %Y Package.swift)
fi
export SOURCE_DATE_EPOCH

build=(-c release --static-swift-stdlib)
swift build "${build[@]}" --product aidevbot >&2
built=$(swift build "${build[@]}" --show-bin-path)/aidevbot

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
doc=$root/usr/share/doc/aidevbot

# Programs and data.
install -D -m755 "$built" "$root/usr/bin/aidevbot"
install -m755 "$debian/aidevbot-admin" -t "$root/usr/bin"
strip --strip-unneeded "$root/usr/bin/aidevbot"
aidevbot=$root/usr/bin/aidevbot
version=$("$aidevbot" --version)
install -D -m644 config/starter-prices.json -t "$root/usr/share/aidevbot"
install -D -m644 config/aidevbot.example.yaml systemd/litestream.yml \
  systemd/aidevbot-litestream.service -t "$doc/examples"
install -D -m644 "$debian/aidevbot.yaml" -t "$root/etc/aidevbot"
install -d -m700 "$root/etc/aidevbot/credentials"

# Units, but not of programs that are not in the package. Those that can be enabled are the ones that
# the maintainer scripts look after.
install -D -m644 "$debian/sysusers.conf" "$root/usr/lib/sysusers.d/aidevbot.conf"
units=()
for unit in systemd/*.service systemd/*.timer; do
  [ -e "$unit" ] || continue
  if [[ $unit = *.service ]] && ! grep -q '^ExecStart=/usr/bin/aidevbot' "$unit"; then continue; fi
  install -D -m644 "$unit" -t "$root/lib/systemd/system"
  if grep -qx '\[Install\]' "$unit"; then units+=("$(basename "$unit")"); fi
done

# Completions and the man page, from the program's own help.
completion() {
  install -D -m644 <("$aidevbot" --generate-completion-script "$1") "$root/usr/share/$2"
}
completion bash bash-completion/completions/aidevbot
completion zsh zsh/vendor-completions/_aidevbot
completion fish fish/vendor_completions.d/aidevbot.fish
mkdir -p "$root/usr/share/man/man1"
"$aidevbot" --experimental-dump-help |
  swift "$debian/manual.swift" "$debian/sections.man" "$version" \
    "$(date -d "@$SOURCE_DATE_EPOCH" +%F)" |
  gzip -9n >"$root/usr/share/man/man1/aidevbot.1.gz"

# The licences of what is linked in; some of them ask to go along.
{
  echo "aidevbot contains the following, under the terms that stand below each name."
  for licence in .build/checkouts/*/LICENSE*; do
    printf '\n==== %s\n\n' "$(basename "$(dirname "$licence")")"
    cat "$licence"
  done
  printf '\n==== Swift runtime and Foundation\n\n'
  echo "Apache License 2.0 with Runtime Library Exception, https://swift.org/LICENSE.txt;"
  echo "ICU: Unicode License v3, https://www.unicode.org/license.txt"
} >"$work/copyright"
install -m644 "$work/copyright" -t "$doc"

# Control files.
mkdir -p "$work/debian" "$root/DEBIAN"
printf 'Source: aidevbot\n\nPackage: aidevbot\nArchitecture: any\n' >"$work/debian/control"
libraries=$(cd "$work" && dpkg-shlibdeps -O "$aidevbot" 2>"$work/complaints") || {
  cat "$work/complaints" >&2
  exit 1
}
size=$(du -sk --apparent-size "$root" | cut -f1)
fill() {
  sed -e "s#@VERSION@#$version#; s#@ARCHITECTURE@#$(dpkg --print-architecture)#" \
    -e "s#@LIBRARIES@#${libraries#shlibs:Depends=}#; s#@SIZE@#$size#; s#@UNITS@#${units[*]}#" "$1"
}
for script in postinst prerm postrm; do
  fill "$debian/$script" >"$root/DEBIAN/$script"
  chmod 755 "$root/DEBIAN/$script"
done
install -m644 "$debian/templates" -t "$root/DEBIAN"
fill "$debian/control" >"$root/DEBIAN/control"
echo /etc/aidevbot/aidevbot.yaml >"$root/DEBIAN/conffiles"
(cd "$root" && find usr lib -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"

find "$root" -exec touch --no-dereference -d "@$SOURCE_DATE_EPOCH" {} +
package=$output/aidevbot_${version}_$(dpkg --print-architecture).deb
dpkg-deb --root-owner-group -Zxz --build "$root" "$package" >&2
echo "$package"
