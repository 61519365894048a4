#!/bin/sh
# Carries opsctl to a machine without a network; docs/closed-network.md says how.
#   sh deploy/bundle.sh make OUT [--extras neural,train] [--image]   in a checkout, with a network
#   sh OUT/bundle.sh install DIR                                     on the closed machine
# PYTHON names the Python: both machines need the same version and the same kind of processor.
set -eu

PYTHON=${PYTHON:-python3}
HERE=$(cd "$(dirname "$0")" && pwd)

fail() {
    printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
    exit "${3:-1}"
}

kind_of_python() {
    "$PYTHON" -c 'import platform, sys; print("Python %d.%d," % sys.version_info[:2], platform.machine())'
}

make_bundle() {
    [ $# -ge 1 ] || fail 'there is no folder to write to' 'sh deploy/bundle.sh make OUT' 2
    mkdir -p "$1"
    out=$(cd "$1" && pwd)
    shift
    extras='' image=''
    while [ $# -gt 0 ]; do
        case $1 in
            --extras) extras=${2:?the extras, such as neural}; shift 2 ;;
            --image) image=yes; shift ;;
            *) fail "there is no option $1" 'sh deploy/bundle.sh make OUT --extras neural --image' 2 ;;
        esac
    done
    checkout=$(dirname "$HERE")
    bring_wheels
    bring_models
    [ -z "$image" ] || bring_image
    cp "$HERE/bundle.sh" "$checkout/constraints.txt" "$out"
    kind_of_python > "$out/python"
    printf '%s\n' "$extras" > "$out/extras"
    (cd "$out" && find . -type f ! -name SHA256SUMS -exec sha256sum {} + > SHA256SUMS)
    echo "made $out ($(du -sh "$out" | cut -f1)); on the closed machine: sh bundle.sh install DIR"
}

bring_wheels() {
    source=$(mktemp -d)
    trap 'rm -rf "$source"' EXIT
    (cd "$checkout" && cp -R pyproject.toml README.md LICENSE \
        assistant bot core deploy indexer localtgi opsctl training "$source")
    rm -rf "$out/wheels" && mkdir "$out/wheels"
    pip wheel --no-deps --wheel-dir "$out/wheels" "$source"
    ours=$(echo "$out"/wheels/opsctl-*.whl)
    case $extras in
        neural) # as opsctl installs it: the embedder leaves the GPU to the model server
            torch=$(sed -n 's/^\(torch==[^ ;]*\).*/\1/p' "$checkout/constraints.txt")
            pip download --no-deps --dest "$out/wheels" \
                --index-url https://download.pytorch.org/whl/cpu "$torch" ||
                echo 'torch for CPUs cannot be fetched: the one of PyPI comes, with CUDA' >&2 ;;
    esac
    pip wheel --constraint "$checkout/constraints.txt" --find-links "$out/wheels" \
        --wheel-dir "$out/wheels" "$ours${extras:+[$extras]}"
}

bring_models() {
    rm -rf "$out/var"
    for name in models adapters manifest.json; do
        [ -e "$checkout/var/$name" ] || continue
        mkdir -p "$out/var"
        cp -R "$checkout/var/$name" "$out/var/"
    done
    [ -d "$out/var" ] || echo 'no models are in var/: opsctl download brings them' >&2
}

bring_image() {
    name=$(cd "$checkout" && .venv/bin/opsctl doctor --settings | awk '$1 == "OPSCTL_IMAGE" { print $2 }')
    docker image inspect "$name" > /dev/null 2>&1 || docker pull "$name" ||
        fail "the image $name cannot be fetched" 'docker version shows whether the engine runs'
    docker save --output "$out/image.tar" "$name"
}

install_bundle() {
    [ $# -eq 1 ] || fail 'there is no folder to install into' 'sh bundle.sh install DIR' 2
    [ -f "$HERE/SHA256SUMS" ] || fail "$HERE is no bundle" 'sh deploy/bundle.sh make OUT' 2
    (cd "$HERE" && sha256sum --quiet --check SHA256SUMS) ||
        fail 'the bundle is damaged or not whole, see above' "copy it again to $HERE"
    wanted=$(cat "$HERE/python")
    [ "$(kind_of_python)" = "$wanted" ] || fail "the bundle is for $wanted, this is $(kind_of_python)" \
        'PYTHON=/path/to/that/python sh bundle.sh install DIR'
    extras=$(cat "$HERE/extras")
    "$PYTHON" -m venv "$1/.venv" || fail 'this Python cannot make virtual environments' \
        'on Debian, Ubuntu and Astra the package is python3-venv'
    PYTHON=$1/.venv/bin/python
    pip install --no-index --find-links "$HERE/wheels" --constraint "$HERE/constraints.txt" \
        "opsctl${extras:+[$extras]}"
    # The same version may be a newer one of ours.
    pip install --no-index --no-deps --force-reinstall "$HERE"/wheels/opsctl-*.whl
    "$1/.venv/bin/opsctl" init "$1"
    [ ! -d "$HERE/var" ] || { mkdir -p "$1/var" && cp -R "$HERE/var/." "$1/var/"; }
    [ ! -f "$HERE/image.tar" ] || docker load --input "$HERE/image.tar"
}

pip() {
    "$PYTHON" -m pip --quiet --disable-pip-version-check "$@"
}

case ${1:-} in
    make) shift; make_bundle "$@" ;;
    install) shift; install_bundle "$@" ;;
    *) fail 'make or install?' "sed -n 2,5p $0" 2 ;;
esac
