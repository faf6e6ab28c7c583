package dev.streamwal.append;

/** Where tests stop a mapped append, on either side of its compare-and-set. Production has none. */
interface AppendSeam {

    /** Before the compare-and-set. */
    void beforeReserve();

    /** The slot is reserved and not published. */
    void afterReserve();
}
