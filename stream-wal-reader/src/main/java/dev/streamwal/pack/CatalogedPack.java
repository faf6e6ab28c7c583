package dev.streamwal.pack;

/** A pack as listed in the catalogue of keys. */
public record CatalogedPack(CoveredPack pack, PackFacts facts) {}
