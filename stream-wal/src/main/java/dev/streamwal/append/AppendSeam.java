package dev.streamwal.append;

/** Lets tests stop a mapped append before and after its compare-and-set. Not used in production. */
interface AppendSeam {

    /** Before the compare-and-set. */
    void beforeReserve();

    /** The slot is reserved and not published. */
    void afterReserve();
}
