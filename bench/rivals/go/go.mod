module drainprobe.invalid/bench

go 1.24
