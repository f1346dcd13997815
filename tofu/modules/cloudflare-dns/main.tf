data "cloudflare_zone" "this" {
  zone_id = var.zone_id

  lifecycle {
    postcondition {
      condition     = self.name == var.zone
      error_message = "The zone with this id is ${self.name}, and the records are for ${var.zone}: correct zone_id in terraform.tfvars, or the zone in the records."
    }
  }
}

resource "cloudflare_dns_record" "this" {
  for_each = var.records

  zone_id  = data.cloudflare_zone.this.zone_id
  name     = each.value.name
  type     = each.value.type
  content  = each.value.content
  data     = each.value.data
  priority = each.value.priority
  ttl      = each.value.ttl
  proxied  = each.value.proxied
}
