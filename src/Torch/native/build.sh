#!/usr/bin/env bash
# Builds libkdr_torch.so against the libtorch that CMake finds (see CMakeLists.txt for where it looks).
#   build.sh [OUTDIR]     default: artifacts/native/<libtorch version>/ at the top of the checkout
# Extra CMake arguments: KDR_CMAKE_ARGS, for instance -DTORCH_DIR=/opt/libtorch.
# The last line printed names the version, CUDA yes or no, and the file.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
native="$root/artifacts/native"
mkdir -p "$native"

# A first configuration tells which libtorch this is; the build folder is then keyed by its version, because
# the C++ ABI differs between minor versions.
probe="$native/.probe"
configure() { cmake -S "$here" -B "$1" -DCMAKE_BUILD_TYPE=Release ${KDR_CMAKE_ARGS:-} >"$1.log" 2>&1 || { cat "$1.log" >&2; exit 1; }; }
rm -rf "$probe"; configure "$probe"
read -r version cuda torch <"$probe/libtorch.txt"
build="$native/.build-$version-cuda_$cuda"
if [ ! -f "$build/CMakeCache.txt" ] || ! grep -qsx "$version $cuda $torch" "$build/libtorch.txt"; then
  rm -rf "$build"
fi
configure "$build"
rm -rf "$probe" "$probe.log"

out=${1:-"$native/$version"}
mkdir -p "$out"
cmake --build "$build" --parallel "${KDR_BUILD_JOBS:-$(nproc)}" >"$build.log" 2>&1 || { cat "$build.log" >&2; exit 1; }
cmake --install "$build" --prefix "$out" >>"$build.log"
echo "libtorch $version, CUDA: $cuda, $out/libkdr_torch.so"
