package dev.streamwal;

import java.time.Instant;

/**
 * A sweep that did not delete what has expired by the log's clock, since the clock is further ahead than can be explained: it may be wrong.
 * Whoever knows that it is right says so, by {@link StreamWal#sweep(Instant)} with that time, by {@link
 * WalOptions.Builder#maxClockAdvance}, or on the command line. Else what is kept goes when its time has passed while the log was open.
 * Immutable.
 *
 * @param clock what the log's clock says
 * @param known what time it is at least: when the clock was last believed, and what has passed since
 * @param segments that are kept
 * @param bytes of their files
 */
public record RefusedSweep(Instant clock, Instant known, int segments, long bytes) {}
