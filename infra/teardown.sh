#!/usr/bin/env bash
# Deletes all that a deployment of infra/main.bicep made: what lies outside its resource group first, then the group.
#   infra/teardown.sh [--yes] DEPLOYMENT
# DEPLOYMENT is the name given to `az deployment sub create`. Needs the Azure CLI, signed in, and nothing else.
set -euo pipefail

sure=no
if [ "${1:-}" = "--yes" ]; then sure=yes; shift; fi
if [ $# -ne 1 ] || [ "${1#-}" != "$1" ]; then
  echo "usage: infra/teardown.sh [--yes] DEPLOYMENT" >&2
  exit 2
fi
deployment=$1

output() { az deployment sub show --name "$deployment" --query "properties.outputs.$1" --output tsv; }

group=$(output 'AZURE_RESOURCE_GROUP.value')
if [ -z "$group" ]; then
  echo "The deployment $deployment has no output AZURE_RESOURCE_GROUP: it is none of infra/main.bicep, or it failed." >&2
  exit 1
fi

# Followers before the app's right to them; scripts only name what they set, which stays (docs/deploy.md).
outside=$(
  output 'outsideFollowerIds.value[][]'
  output 'outsideDatabaseRoleIds.value[]'
  output 'outsideIdentityPolicyIds.value[]'
  output 'outsideClusterAdminIds.value[]'
  output 'outsideContributorIds.value[]'
  output 'outsideKeyVaultRoleId.value'
)

echo "Outside the resource group:"
if [ -n "$outside" ]; then echo "$outside" | sed 's/^/  /'; else echo "  nothing"; fi
echo "The resource group $group and all in it, the lake with its checkpoint log too."
if [ "$sure" = no ]; then
  read -r -p "Delete them? Write the resource group's name: " answer
  if [ "$answer" != "$group" ]; then echo "Nothing was deleted."; exit 1; fi
fi

remove() {
  case $1 in
    */Microsoft.Authorization/roleAssignments/*) az role assignment delete --ids "$1" ;;
    *) az resource delete --ids "$1" ;;
  esac
}

# One that is gone already is well: the script can be run again. The CLI ends with 3 where there is no such resource.
NOT_FOUND=3
for id in $outside; do
  if remove "$id" > /dev/null; then
    echo "deleted $id"
    continue
  fi
  found=0
  az resource show --ids "$id" --output none 2>/dev/null || found=$?
  if [ "$found" -ne "$NOT_FOUND" ]; then
    echo "$id could not be deleted. Nothing after it was." >&2
    exit 1
  fi
  echo "gone    $id"
done

if [ "$(az group exists --name "$group")" = true ]; then
  # Without --force a workspace stays for fourteen days, and its name with it.
  for workspace in $(az monitor log-analytics workspace list --resource-group "$group" --query '[].name' --output tsv); do
    az monitor log-analytics workspace delete --resource-group "$group" --workspace-name "$workspace" --force --yes
    echo "deleted workspace $workspace"
  done
  az group delete --name "$group" --yes
  echo "deleted resource group $group"
fi
az deployment sub delete --name "$deployment"
echo "deleted the record of deployment $deployment"
