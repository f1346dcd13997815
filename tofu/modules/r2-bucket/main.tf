locals {
  day_seconds = 24 * 60 * 60
}

resource "cloudflare_r2_bucket" "this" {
  account_id   = var.account_id
  name         = var.name
  location     = var.location
  jurisdiction = var.jurisdiction

  lifecycle {
    prevent_destroy = true
  }
}

resource "cloudflare_r2_bucket_lifecycle" "this" {
  account_id   = var.account_id
  bucket_name  = cloudflare_r2_bucket.this.name
  jurisdiction = var.jurisdiction

  # The rules take the place of all that there are, so R2's own one, for uploads that nobody ended, is said again.
  rules = concat(
    [{
      id         = "Default Multipart Abort Rule"
      enabled    = true
      conditions = { prefix = "" }
      abort_multipart_uploads_transition = {
        condition = { type = "Age", max_age = 7 * local.day_seconds }
      }
      delete_objects_transition = null
    }],
    [for prefix, days in var.expire_days : {
      id                                 = "expire ${prefix == "" ? "all" : prefix}"
      enabled                            = true
      conditions                         = { prefix = prefix }
      abort_multipart_uploads_transition = null
      delete_objects_transition = {
        condition = { type = "Age", max_age = days * local.day_seconds }
      }
    }],
  )
}

resource "cloudflare_r2_bucket_lock" "this" {
  count = length(var.lock_days) > 0 ? 1 : 0

  account_id   = var.account_id
  bucket_name  = cloudflare_r2_bucket.this.name
  jurisdiction = var.jurisdiction

  rules = [for prefix, days in var.lock_days : {
    id        = "lock ${prefix == "" ? "all" : prefix}"
    enabled   = true
    prefix    = prefix
    condition = days == 0 ? { type = "Indefinite", max_age_seconds = null } : { type = "Age", max_age_seconds = days * local.day_seconds }
  }]
}

resource "cloudflare_r2_bucket_cors" "this" {
  count = length(var.cors) > 0 ? 1 : 0

  account_id   = var.account_id
  bucket_name  = cloudflare_r2_bucket.this.name
  jurisdiction = var.jurisdiction

  rules = [for rule in var.cors : {
    allowed = {
      origins = rule.origins
      methods = rule.methods
      headers = rule.headers
    }
    expose_headers  = rule.expose_headers
    max_age_seconds = rule.max_age_seconds
  }]
}
