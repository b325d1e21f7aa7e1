#!/usr/bin/env bash
# `bun run fresh [-- --keep]`: the README's two commands on a machine that has nothing. Makes a root file system of this
# machine's Debian release with Node and npm in it and nothing else, clones the last commit into it, and runs there, as
# root, in an environment of its own:
#   npx bun start        it must say what to do next; the pixel it proposes must be answered; it must end when told to
#   npx bun run test     it must find and get all it needs
# Needs root, debootstrap, git, and Node with npm, which are copied in. Packages come from where this machine gets its
# own: Debian's sources of /etc/apt, npm's registry, and a certificate authority of one's own where npm or Node has one.
# Its mounts and processes are in namespaces of their own and end with it. The folder, 2 GB in TMPDIR (/var/tmp), is
# removed, or left for a look with --keep. Takes 5 to 10 minutes; each step has a limit.
set -euo pipefail

readonly HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly PROJECT=$(cd "$HERE/../.." && pwd)
# Where the clone lies inside.
readonly CLONE=/root/pixelgate

step() { printf '\n== %s (after %d s)\n' "$*" "$SECONDS"; }

fail() {
  echo "Cannot run in a fresh root file system: $*" >&2
  exit 1
}

# Runs a command, ends it after so many seconds, and says which one failed.
within() {
  local limit=$1 what=$2 code=0
  shift 2
  timeout --foreground --kill-after=10 "$limit" "$@" || code=$?
  [ "$code" != 124 ] || fail "$what takes longer than $limit s"
  [ "$code" = 0 ] || fail "$what ended with exit code $code"
}

check_machine() {
  [ "$(id -u)" = 0 ] || fail "only root may make one"
  local program
  for program in debootstrap unshare chroot git node npm apt-get; do
    command -v "$program" >/dev/null || fail "there is no $program (Debian: apt-get install ${program/%unshare/util-linux})"
  done
}

# Debian's own sources of this machine, one component a line: origin, code name, and the line of a sources.list.
debian_sources() {
  apt-get indextargets --format '$(ORIGIN)|$(CODENAME)|deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Identifier: Packages' |
    grep '^Debian|' || fail "apt knows no source of Debian: apt-get update"
}

make_root() {
  local root=$1 release mirror
  release=$(. /etc/os-release && echo "$VERSION_CODENAME")
  mirror=$(debian_sources | sed -n "s/^Debian|$release|deb \([^ ]*\) $release main$/\1/p" | head -n 1)
  [ -n "$mirror" ] || fail "apt has no source of Debian $release: apt-get update"
  step "A root file system of Debian $release"
  within 900 debootstrap sh -c 'debootstrap "$@" >"$0" 2>&1 || { tail -n 5 "$0"; exit 1; }' \
    "$root.log" --variant=minbase "$release" "$root" "$mirror"
  debian_sources | cut -d '|' -f 3 >"$root/etc/apt/sources.list"
  apt-config dump | grep -E '^Acquire::(https?::|Check-)' >"$root/etc/apt/apt.conf.d/90machine" || true
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
}

copy_node() {
  local root=$1 npm
  step "Node $(node --version) and npm $(npm --version), and nothing else"
  npm=$(npm root --global)/npm
  cp "$(node -p process.execPath)" "$root/usr/local/bin/node"
  mkdir -p "$root/usr/local/lib/node_modules"
  cp -rL "$npm" "$root/usr/local/lib/node_modules/npm"
  # This machine's settings of npm are given by name below, and no other.
  rm -f "$root/usr/local/lib/node_modules/npm/npmrc"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
}

clone_project() {
  local root=$1
  step "A clone of $(git -C "$PROJECT" log -1 --format='%h %s')"
  git -C "$PROJECT" diff --quiet HEAD || echo "What is not committed is not in it"
  git clone --quiet --no-hardlinks "$PROJECT" "$root$CLONE"
  cp "$HERE/start.mjs" "$root/root/"
}

mount_system() {
  local root=$1 device
  # A root that is no mount could not be given to namespaces of the tests' own.
  mount --bind "$root" "$root"
  mount -t proc proc "$root/proc"
  mount -t sysfs -o ro sysfs "$root/sys"
  mount -t tmpfs -o mode=755 dev "$root/dev"
  for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
  done
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts "$root/dev/pts"
  mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
}

# The environment inside: nothing of this machine's but where npm's packages come from.
environment_of() {
  local root=$1 authority
  echo "HOME=/root"
  echo "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
  echo "npm_config_registry=$(npm config get registry)"
  authority=$(npm config get cafile)
  [ "$authority" != null ] || authority=${NODE_EXTRA_CA_CERTS:-}
  if [ -n "$authority" ]; then
    cp "$authority" "$root/etc/authority.pem"
    echo "npm_config_cafile=/etc/authority.pem"
    echo "NODE_EXTRA_CA_CERTS=/etc/authority.pem"
  fi
}

run_commands() {
  local root=$1 inside
  mapfile -t inside < <(environment_of "$root")
  inside=(env -i "${inside[@]}" chroot "$root" sh -c "cd $CLONE && exec \"\$@\"" sh)
  within 20 "Node inside" "${inside[@]}" node --version
  step "npx bun start"
  within 300 "npx bun start" "${inside[@]}" node /root/start.mjs
  step "npx bun run test"
  within 2400 "npx bun run test" "${inside[@]}" npx bun run test 2>&1 | tee "$root.log"
  check_skips "$root.log"
}

# All that can be had from Debian must have been proved; setup leaves out only what adds a second opinion.
check_skips() {
  local skipped
  skipped=$(grep 'tests of this file are skipped: ' "$1" | grep -vE 'there is no (wrk|promtool|docker-compose) here|nats-server 2\.9[.0-9]* does not know ' | sort -u) || true
  [ -z "$skipped" ] || fail "tests were skipped: $skipped"
}

# The first process of its namespaces: when it ends, what it mounted and started does.
inside() {
  trap 'exit 130' INT TERM
  mount_system "$1"
  run_commands "$1"
}

main() {
  [ "${1:-}" != --inside ] || {
    inside "$2"
    return
  }
  check_machine
  # Not local: the trap outlives this function.
  folder=$(mktemp -d "${TMPDIR:-/var/tmp}/pixelgate-fresh-XXXXXX")
  if [ "${1:-}" = --keep ]; then
    trap 'echo "The root file system is left in $folder/root"' EXIT
  else
    trap 'rm -rf --one-file-system "$folder"' EXIT
  fi
  local root=$folder/root
  mkdir "$root"
  make_root "$root"
  copy_node "$root"
  clone_project "$root"
  SECONDS=$SECONDS unshare --mount --pid --fork --kill-child "$BASH" "${BASH_SOURCE[0]}" --inside "$root"
  step "Both commands pass in a fresh root file system"
}

# Read to its end before it runs, so that it may be edited meanwhile.
main "$@"; exit
