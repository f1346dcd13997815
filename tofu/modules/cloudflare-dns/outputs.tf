output "record_ids" {
  description = "Cloudflare's ids of the records, by the same keys."
  value       = { for key, record in cloudflare_dns_record.this : key => record.id }
}
