package dev.streamwal;
public record AppendResult(java.util.List<dev.streamwal.reader.EntryRef> refs, boolean alreadyThere) {}
