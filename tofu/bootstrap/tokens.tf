data "cloudflare_account_api_token_permission_groups_list" "all" {
  account_id = var.account_id
}

locals {
  account = "com.cloudflare.api.account.${var.account_id}"
  zone    = "com.cloudflare.api.account.zone.${var.zone_id}"

  # What each token may do: permissions, and on what.
  tokens = {
    operator = [
      { names = ["Zone Read", "DNS Write"], scope = "com.cloudflare.api.account.zone", resources = [local.zone] },
      { names = ["Workers R2 Storage Write"], scope = "com.cloudflare.api.account", resources = [local.account] },
    ]
    cluster_dns = [
      { names = ["Zone Read", "DNS Write"], scope = "com.cloudflare.api.account.zone", resources = [local.zone] },
    ]
    state = [{
      names     = ["Workers R2 Storage Bucket Item Write"]
      scope     = "com.cloudflare.edge.r2.bucket"
      resources = [module.state_bucket.token_resource]
    }]
    backups = [{
      names     = ["Workers R2 Storage Bucket Item Write"]
      scope     = "com.cloudflare.edge.r2.bucket"
      resources = [for bucket in module.backup_buckets : bucket.token_resource]
    }]
  }
}

resource "cloudflare_account_token" "this" {
  for_each = local.tokens

  account_id = var.account_id
  name       = "infra-k3s ${each.key}"

  policies = [for policy in each.value : {
    effect = "allow"
    permission_groups = [for name in policy.names : {
      # Several groups have one name, each for another kind of resource.
      id = one([
        for group in data.cloudflare_account_api_token_permission_groups_list.all.result : group.id
        if group.name == name && contains(group.scopes, policy.scope)
      ])
    }]
    resources = jsonencode({ for resource in policy.resources : resource => "*" })
  }]
}
