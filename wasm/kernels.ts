// placeholder until the first kernel
