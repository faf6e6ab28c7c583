/** A program that uses nothing but stream-wal. */
module dev.streamwal.embedding {
    requires dev.streamwal;
}
