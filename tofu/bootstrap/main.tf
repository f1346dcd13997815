# A person's token with Account.Account API Tokens Write, Account.Workers R2 Storage Write and the permissions
# that it gives on; it comes by CLOUDFLARE_API_TOKEN.
provider "cloudflare" {}

module "state_bucket" {
  source = "../modules/r2-bucket"

  account_id   = var.account_id
  name         = var.state_bucket
  location     = var.location
  jurisdiction = var.jurisdiction
}

module "backup_buckets" {
  source   = "../modules/r2-bucket"
  for_each = var.backup_buckets

  account_id   = var.account_id
  name         = each.key
  location     = var.location
  jurisdiction = var.jurisdiction
}
