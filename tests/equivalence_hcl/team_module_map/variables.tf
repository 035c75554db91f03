variable "prefix" {
  type    = string
  default = "search"
}

variable "endpoints" {
  type = map(object({
    enabled = optional(bool, true)
    type    = optional(string)
    count   = optional(number)
    scaling = optional(object({
      min    = optional(number, 1)
      max    = number
      target = optional(number, 70)
    }))
  }))
  default = {
    ranker = { type = "ml.c6i.4xlarge", scaling = { max = 8 } }
    speller = {}
    embedder = { type = "ml.g5.xlarge", count = "3", scaling = { min = 2, max = 6, target = 250 } }
    old = { enabled = false }
  }
}
