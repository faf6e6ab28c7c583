package dev.streamwal;
public enum Positions { INTERNAL, EXTERNAL }
