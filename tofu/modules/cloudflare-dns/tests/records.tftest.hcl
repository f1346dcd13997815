mock_provider "cloudflare" {
  mock_data "cloudflare_zone" {
    defaults = { name = "example.com" }
  }
}

variables {
  zone_id = "023e105f4ecef8ad9ca31a8372d0c353"
  zone    = "example.com"
  records = {
    "A www.example.com" = { name = "www.example.com", type = "A", content = "203.0.113.1" }
    "MX example.com"    = { name = "example.com", type = "MX", content = "mail.example.com", priority = 10 }
    "CAA example.com"   = { name = "example.com", type = "CAA", data = { flags = 0, tag = "issue", value = "letsencrypt.org" } }
    "SRV _sip._tcp.example.com" = {
      name = "_sip._tcp.example.com", type = "SRV", priority = 10
      data = { priority = 10, weight = 5, port = 5060, target = "sip.example.com" }
    }
  }
}

run "defaults" {
  command = plan

  assert {
    condition     = cloudflare_dns_record.this["A www.example.com"].ttl == 1 && !cloudflare_dns_record.this["A www.example.com"].proxied
    error_message = "The TTL is Cloudflare's own, and nothing is proxied."
  }

  assert {
    condition     = length(cloudflare_dns_record.this) == 4
    error_message = "Every record is made."
  }
}

run "other_zone" {
  command = plan

  variables {
    zone    = "example.net"
    records = {}
  }

  expect_failures = [data.cloudflare_zone.this]
}

run "content_and_data" {
  command = plan

  variables {
    records = { x = { name = "example.com", type = "CAA" } }
  }

  expect_failures = [var.records]
}

run "name_outside" {
  command = plan

  variables {
    records = { x = { name = "www", type = "A", content = "203.0.113.1" } }
  }

  expect_failures = [var.records]
}

run "short_ttl" {
  command = plan

  variables {
    records = { x = { name = "www.example.com", type = "A", content = "203.0.113.1", ttl = 30 } }
  }

  expect_failures = [var.records]
}

run "proxied_text" {
  command = plan

  variables {
    records = { x = { name = "example.com", type = "TXT", content = "\"x\"", proxied = true } }
  }

  expect_failures = [var.records]
}

run "no_priority" {
  command = plan

  variables {
    records = { x = { name = "example.com", type = "MX", content = "mail.example.com" } }
  }

  expect_failures = [var.records]
}
