# The token comes by CLOUDFLARE_API_TOKEN.
provider "cloudflare" {}

module "buckets" {
  source   = "./modules/r2-bucket"
  for_each = var.buckets

  account_id   = var.account_id
  name         = each.key
  location     = each.value.location
  jurisdiction = each.value.jurisdiction
  expire_days  = each.value.expire_days
  lock_days    = each.value.lock_days
  cors         = each.value.cors
}
