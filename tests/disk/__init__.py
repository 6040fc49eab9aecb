"""Real full and read-only disks: it takes root to mount one in a namespace of a receiver's own."""
