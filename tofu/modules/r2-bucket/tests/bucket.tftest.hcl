mock_provider "cloudflare" {}

variables {
  account_id = "023e105f4ecef8ad9ca31a8372d0c353"
  name       = "shop-uploads"
}

run "plain" {
  command = plan

  assert {
    condition     = [for rule in cloudflare_r2_bucket_lifecycle.this.rules : rule.id] == ["Default Multipart Abort Rule"]
    error_message = "Uploads that nobody ended are removed, and nothing else."
  }

  assert {
    condition     = length(cloudflare_r2_bucket_lock.this) == 0 && length(cloudflare_r2_bucket_cors.this) == 0
    error_message = "Nothing is locked, and no page may use it."
  }

  assert {
    condition     = output.token_resource == "com.cloudflare.edge.r2.bucket.023e105f4ecef8ad9ca31a8372d0c353_default_shop-uploads"
    error_message = "A token's policy names account, jurisdiction and bucket."
  }
}

run "everything" {
  command = plan

  variables {
    jurisdiction = "eu"
    expire_days  = { "logs/" = 30 }
    lock_days    = { "logs/" = 7, "legal/" = 0 }
    cors         = [{ origins = ["https://shop.example.com"], methods = ["GET"] }]
  }

  assert {
    condition     = cloudflare_r2_bucket_lifecycle.this.rules[1].delete_objects_transition.condition.max_age == 30 * 86400
    error_message = "Days become seconds."
  }

  assert {
    condition = {
      for rule in cloudflare_r2_bucket_lock.this[0].rules : rule.prefix => rule.condition.type
    } == { "legal/" = "Indefinite", "logs/" = "Age" }
    error_message = "0 days are for ever."
  }

  assert {
    condition     = cloudflare_r2_bucket_cors.this[0].rules[0].allowed.origins[0] == "https://shop.example.com"
    error_message = "A page may use it."
  }

  assert {
    condition     = output.s3_endpoint == "https://023e105f4ecef8ad9ca31a8372d0c353.eu.r2.cloudflarestorage.com"
    error_message = "A jurisdiction has an address of its own."
  }
}

run "locked_for_longer_than_kept" {
  command = plan

  variables {
    expire_days = { "logs/" = 1 }
    lock_days   = { "" = 7 }
  }

  expect_failures = [var.lock_days]
}

run "bad_name" {
  command = plan

  variables {
    name = "Shop_Uploads"
  }

  expect_failures = [var.name]
}

run "bad_method" {
  command = plan

  variables {
    cors = [{ origins = ["*"], methods = ["PATCH"] }]
  }

  expect_failures = [var.cors]
}
