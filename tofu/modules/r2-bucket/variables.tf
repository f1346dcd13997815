variable "account_id" {
  type        = string
  description = "Cloudflare's id of the account."
  nullable    = false

  validation {
    condition     = can(regex("^[0-9a-f]{32}$", var.account_id))
    error_message = "The id of an account is 32 hexadecimal digits; Cloudflare shows it on the account's page."
  }
}

variable "name" {
  type        = string
  description = "The bucket's name."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "The name of a bucket is 3 to 63 of a-z, 0-9 and -, the last not at an end."
  }
}

variable "location" {
  type        = string
  description = "Where R2 is to keep it, as far as it can; only read when the bucket is made."
  default     = "weur"
  nullable    = false

  validation {
    condition     = contains(["apac", "eeur", "enam", "oc", "weur", "wnam"], var.location)
    error_message = "A location is one of apac, eeur, enam, oc, weur, wnam."
  }
}

variable "jurisdiction" {
  type        = string
  description = "Where R2 has to keep it; it has an S3 address of its own."
  default     = "default"
  nullable    = false

  validation {
    condition     = contains(["default", "eu", "fedramp"], var.jurisdiction)
    error_message = "A jurisdiction is one of default, eu, fedramp."
  }
}

variable "expire_days" {
  type        = map(number)
  description = "After how many days R2 removes an object, by what its key begins with."
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for days in var.expire_days : days >= 1 && floor(days) == days])
    error_message = "An object is kept for whole days, 1 at least."
  }
}

variable "lock_days" {
  type        = map(number)
  description = "For how many days an object can be neither removed nor overwritten, by what its key begins with; 0 is for ever."
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for days in var.lock_days : days >= 0 && floor(days) == days])
    error_message = "A lock is for whole days, or 0, which is for ever."
  }

  validation {
    condition = alltrue(flatten([
      for locked, lock in var.lock_days : [
        for expired, days in var.expire_days : lock != 0 && lock <= days
        if startswith(locked, expired) || startswith(expired, locked)
      ]
    ]))
    error_message = "What is locked for longer than it is kept would stay all the same: keep it as long as it is locked."
  }
}

variable "cors" {
  type = list(object({
    origins         = list(string)
    methods         = list(string)
    headers         = optional(list(string), [])
    expose_headers  = optional(list(string), [])
    max_age_seconds = optional(number, 3600)
  }))
  description = "Which pages in a browser may use the bucket; none when empty."
  default     = []
  nullable    = false

  validation {
    condition = alltrue(flatten([
      for rule in var.cors : [for method in rule.methods : contains(["GET", "PUT", "POST", "DELETE", "HEAD"], method)]
    ]))
    error_message = "A method is one of GET, PUT, POST, DELETE, HEAD."
  }

  validation {
    condition     = alltrue([for rule in var.cors : length(rule.origins) > 0 && length(rule.methods) > 0])
    error_message = "A rule has origins and methods."
  }

  validation {
    condition     = alltrue([for rule in var.cors : rule.max_age_seconds >= 0 && rule.max_age_seconds <= 86400])
    error_message = "A browser keeps an answer for 0 to 86400 seconds."
  }
}
