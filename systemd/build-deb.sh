#!/usr/bin/env bash
# Builds aidevbot and packs it for this machine's Debian: aidevbot_VERSION_ARCHITECTURE.deb in the
# folder that is named, or else in the current one. The same commit gives the same package.
#
# Its maintainer is whom DEBFULLNAME and DEBEMAIL name, as Debian's own tools have it, or else the
# author of the commit, or whoever builds it.
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
# Of these sources alone, whoever owns them, and not of a folder above.
repository() { git --git-dir="$PWD/.git" --work-tree="$PWD" "$@" 2>/dev/null; }
if [ "$(repository rev-parse --is-shallow-repository)" = true ]; then
  echo "build-deb.sh: this clone is shallow, so its commits cannot be counted, and apt would take" >&2
  echo "the package for an old one. Type: git fetch --unshallow" >&2
  exit 1
fi
if [ ! -e .git ]; then
  echo "build-deb.sh: these sources are no clone, so the package's version does not grow with their" >&2
  echo "commits. Install it over another by: sudo apt install --reinstall ./aidevbot_*.deb" >&2
elif [ -n "$(repository status --porcelain)" ]; then
  echo "build-deb.sh: there are changes without a commit; the version is that of the last commit." >&2
fi
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
  SOURCE_DATE_EPOCH=$(repository log -1 --format=%ct || stat -c %Y Package.swift)
fi
export SOURCE_DATE_EPOCH

# With all addresses of libraries resolved and closed before the program starts.
build=(-c release --static-swift-stdlib -Xlinker -z -Xlinker now)
swift build "${build[@]}" --product aidevbot >&2
built=$(swift build "${build[@]}" --show-bin-path)/aidevbot

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
doc=$root/usr/share/doc/aidevbot

# Programs and data.
install -D -m755 "$built" "$root/usr/bin/aidevbot"
install -m755 "$debian/aidevbot-admin" -t "$root/usr/bin"
strip --strip-unneeded --remove-section=.comment "$root/usr/bin/aidevbot"
aidevbot=$root/usr/bin/aidevbot
version=$("$aidevbot" --version)
version=${version%% *}
author=$(repository log -1 --format='%an <%ae>' || true)
maintainer=${author:-"$(id -un) <$(id -un)@$(hostname --fqdn)>"}
if [ -n "${DEBEMAIL:-}" ]; then maintainer="${DEBFULLNAME:-aidevbot} <$DEBEMAIL>"; fi
install -D -m644 config/starter-prices.json -t "$root/usr/share/aidevbot"
install -D -m644 config/aidevbot.example.yaml systemd/litestream.yml systemd/litestream-standby.yml \
  systemd/aidevbot-litestream.service -t "$doc/examples"
install -D -m644 "$debian/aidevbot.yaml" -t "$root/etc/aidevbot"
install -d -m700 "$root/etc/aidevbot/credentials"

# Units, but not of programs that are not in the package. Those that can be enabled are the ones that
# the maintainer scripts look after.
install -D -m644 "$debian/sysusers.conf" "$root/usr/lib/sysusers.d/aidevbot.conf"
units=()
for unit in systemd/*.service systemd/*.socket systemd/*.timer; do
  [ -e "$unit" ] || continue
  if [[ $unit = *.service ]] && ! grep -q '^ExecStart=/usr/bin/aidevbot' "$unit"; then continue; fi
  install -D -m644 "$unit" -t "$root/lib/systemd/system"
  if grep -qx '\[Install\]' "$unit"; then units+=("$(basename "$unit")"); fi
done

# Completions and man pages, from the program's own help. Those of aidevbot-admin are the same, with
# its name for that of the command and of the functions.
completion() {
  local file=$root/usr/share/$2
  # Bash reads it and does not run it.
  install -D -m644 <("$aidevbot" --generate-completion-script "$1" | sed '1{/^#!/d}') "$file"
  sed -E 's/_aidevbot/_aidevbot-admin/g
    s#(^|[^A-Za-z0-9/_.-])aidevbot($|[^A-Za-z0-9/_.@-])#\1aidevbot-admin\2#g' "$file" \
    >"${file/aidevbot/aidevbot-admin}"
}
completion bash bash-completion/completions/aidevbot
completion zsh zsh/vendor-completions/_aidevbot
completion fish fish/vendor_completions.d/aidevbot.fish
mkdir -p "$root/usr/share/man/man1"
day=$(date -d "@$SOURCE_DATE_EPOCH" +%F)
"$aidevbot" --experimental-dump-help |
  swift "$debian/manual.swift" "$debian/sections.man" "$version" "$day" |
  gzip -9n >"$root/usr/share/man/man1/aidevbot.1.gz"
sed "s/@VERSION@/$version/; s/@DATE@/$day/" "$debian/aidevbot-admin.1" |
  gzip -9n >"$root/usr/share/man/man1/aidevbot-admin.1.gz"

# The operator's manual, whose links to the sources lead nowhere here; what has changed; and what
# lintian is to leave alone, and why.
install -m644 <(sed -E 's/\[([^]]*)\]\(\.\.\/[^)]*\)/\1/g' systemd/README.md) "$doc/README.md"
awk -v version="$version" -v maintainer="$maintainer" -v date="$(date -R -d "@$SOURCE_DATE_EPOCH")" \
  -f "$debian/changelog.awk" .github/CHANGELOG.md | gzip -9n >"$doc/changelog.gz"
install -D -m644 "$debian/lintian-overrides" "$root/usr/share/lintian/overrides/aidevbot"

# The licences of what is linked in; some of them, and all notices, ask to go along.
common=/usr/share/common-licenses/Apache-2.0
licence() {
  if ! grep -q 'Version 2.0, January 2004' "$1"; then
    cat "$1"
    return
  fi
  echo "Apache License, version 2.0; on Debian, its text is $common."
  sed '1,/^ *limitations under the License\.$/d' "$1" | sed '/[^[:space:]]/,$!d'
}
{
  echo "aidevbot contains the following, under the terms that stand below each name."
  for folder in .build/checkouts/*; do
    printf '\n==== %s\n\n' "$(basename "$folder")"
    for file in "$folder"/LICENSE* "$folder"/NOTICE*; do
      if [ -e "$file" ]; then licence "$file"; fi
    done
  done
  printf '\n==== libyaml, in Yams\n\n'
  echo "Copyright (c) 2017-2020 Ingy döt Net, (c) 2006-2016 Kirill Simonov. MIT License, as Yams."
  printf '\n==== Swift runtime and Foundation\n\n'
  echo "Apache License, version 2.0, with Runtime Library Exception, https://swift.org/LICENSE.txt;"
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
    -e "s#@LIBRARIES@#${libraries#shlibs:Depends=}#; s#@SIZE@#$size#; s#@UNITS@#${units[*]}#" \
    -e "s#@MAINTAINER@#$maintainer#" "$1"
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
