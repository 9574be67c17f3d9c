#!/usr/bin/env bash
# An atomic push moves some of its refs, and fails, where the host hides one of the others.
#
# Seen with Git 2.39.5 (Linux), both sides. A host hides a space of refs from pushes (`receive.hideRefs`, as forges do
# for their own). `git push --atomic` of a branch and of a ref in that space ends with 1, says "deny updating a hidden
# ref" for the one, and has created the other: the commands that are denied so are left out before the atomic
# transaction is made. With a ref that is denied for another reason (here: no fast-forward) nothing is moved, as the
# manual says ("either all refs are updated, or on error, no refs"). A program that records in two refs, and takes a
# failed atomic push for "nothing was written", is wrong there.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=$work/config
git --version
git init --quiet --bare "$work/host.git"
git -C "$work/host.git" config receive.hideRefs refs/records
git -C "$work/host.git" config receive.denyNonFastForwards true
git init --quiet --initial-branch=main "$work/clone" && cd "$work/clone"
git config user.name Ann && git config user.email ann@example.invalid
git commit --quiet --allow-empty -m one
git push --quiet ../host.git HEAD:refs/heads/stays
git commit --quiet --allow-empty -m two --amend

pushed() {
    code=0
    git push --quiet --atomic ../host.git "$@" 2> "$work/words" || code=$?
    echo "exit $code, there: $(git -C ../host.git for-each-ref --format='%(refname:short)' | tr '\n' ' ')"
}

denied=$(pushed HEAD:refs/heads/first +HEAD:refs/heads/stays)
hidden=$(pushed HEAD:refs/heads/second HEAD:refs/records/x)
echo "beside a ref that may not be rewound: $denied"
echo "beside a ref that is hidden:          $hidden"
grep -o 'deny updating a hidden ref' "$work/words"

[ "$denied" = "exit 1, there: stays " ]
[ "$hidden" = "exit 1, there: second stays " ]
