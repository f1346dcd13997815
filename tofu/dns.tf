# Who owns which name: docs/decisions/0016-who-owns-a-name.md
module "static_records" {
  source = "./modules/static-records"

  records_file   = var.records_file
  inventory_file = var.inventory_file
}

module "dns" {
  source = "./modules/cloudflare-dns"

  zone_id = var.zone_id
  zone    = module.static_records.zone
  records = module.static_records.records
}
