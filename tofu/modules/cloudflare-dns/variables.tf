variable "zone_id" {
  type        = string
  description = "Cloudflare's id of the zone."
  nullable    = false

  validation {
    condition     = can(regex("^[0-9a-f]{32}$", var.zone_id))
    error_message = "The id of a zone is 32 hexadecimal digits; Cloudflare shows it on the zone's page."
  }
}

variable "zone" {
  type        = string
  description = "The zone's name, which that id has to be of."
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9_-]+\\.)+[a-z0-9_-]+$", var.zone))
    error_message = "A zone is a domain in small letters without a dot at its end."
  }
}

variable "records" {
  type = map(object({
    name     = string
    type     = string
    ttl      = optional(number, 1)
    proxied  = optional(bool, false)
    content  = optional(string)
    priority = optional(number)
    data = optional(object({
      priority = optional(number)
      weight   = optional(number)
      port     = optional(number)
      target   = optional(string)
      flags    = optional(number)
      tag      = optional(string)
      value    = optional(string)
    }))
  }))
  description = "The records by keys that stay when a record is to hold something else."
  nullable    = false

  validation {
    condition     = alltrue([for record in var.records : (record.content == null) != (record.data == null)])
    error_message = "A record has content, or data where its content has parts (SRV, CAA), and not both."
  }

  validation {
    condition     = alltrue([for record in var.records : record.name == var.zone || endswith(record.name, ".${var.zone}")])
    error_message = "The name of a record is a whole one in the zone: Cloudflare would append the zone to any other."
  }

  validation {
    condition     = alltrue([for record in var.records : record.ttl == 1 || (record.ttl >= 60 && record.ttl <= 86400)])
    error_message = "A TTL is 60 to 86400 seconds, or 1, which leaves it to Cloudflare."
  }

  validation {
    condition = alltrue([
      for record in var.records : !record.proxied || (contains(["A", "AAAA", "CNAME"], record.type) && record.ttl == 1)
    ])
    error_message = "Cloudflare answers in the place of A, AAAA and CNAME only, and then the TTL is 1."
  }

  validation {
    condition     = alltrue([for record in var.records : !contains(["MX", "SRV"], record.type) || record.priority != null])
    error_message = "A record of the type MX or SRV has a priority."
  }
}
