#!/usr/bin/env bash
# Check, build and tag a release: scripts/release.sh [--dry-run] VERSION. A dry run does everything but the tag.
# Nothing is pushed.
set -euo pipefail
cd "$(dirname "$0")/.."

refuse() {
    echo "release: $1" >&2
    exit 1
}

dry_run=
if [ "${1:-}" = --dry-run ]; then
    dry_run=yes
    shift
fi
version=${1:-}
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || refuse "name the version, such as 1.2.3: make release VERSION=1.2.3"
tag=v$version
python=.venv/bin/python

[ -z "$(git status --porcelain)" ] || refuse "the tree has changes that are not committed"
! git rev-parse --quiet --verify "refs/tags/$tag" >/dev/null || refuse "there is a tag $tag already"
grep -qxF "__version__ = \"$version\"" src/potstill/__init__.py ||
    refuse "__version__ in src/potstill/__init__.py is not $version"
grep -qxF "version: $version" CITATION.cff || refuse "version in CITATION.cff is not $version"
grep -qE "^## ${version//./\\.}( |$)" CHANGELOG.md || refuse "CHANGELOG.md has no section \"## $version\""

make test

rm -rf dist
$python -m build --no-isolation
[ -z "$(git status --porcelain)" ] || refuse "the tests or the build changed the tree"

# What a user gets: each archive by itself, its base dependencies in the newest versions that it allows, no torch.
for archive in dist/potstill-"$version".tar.gz dist/potstill-"$version"-py3-none-any.whl; do
    clean=$(mktemp -d)
    trap 'rm -rf "$clean"' EXIT
    echo "Installing $archive in an empty environment"
    $python -m venv "$clean"
    "$clean/bin/python" -m pip install -q "$archive"
    ! "$clean/bin/python" -c 'import torch' 2>/dev/null || refuse "$archive installs torch without being asked"
    # From another folder, so that nothing of this one is imported instead.
    (cd "$clean" && bin/potstill --version && bin/potstill --help >/dev/null && bin/python -c 'import potstill')
    [ "$("$clean/bin/potstill" --version)" = "potstill $version" ] || refuse "$archive says another version"
    rm -rf "$clean"
done

if [ -n "$dry_run" ]; then
    echo "A dry run: $tag is not made"
else
    git tag --annotate "$tag" --message "potstill $version"
    echo "Tagged $tag; nothing is pushed: git push origin $tag"
fi
