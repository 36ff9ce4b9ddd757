"""Read and write vector files safely. The only room that imports pyogrio."""
