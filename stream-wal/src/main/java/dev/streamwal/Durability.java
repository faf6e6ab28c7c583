package dev.streamwal;

import dev.streamwal.error.WalFailedException;

/**
 * What a record survives once its append has returned. Set for the log ({@link WalOptions.Builder#durability}), for the streams of a key
 * pattern ({@link StreamOptions.Builder#durability}), or for one append.
 *
 * <table>
 *   <caption>What is there afterwards, of what was appended at each level</caption>
 *   <thead>
 *     <tr>
 *       <th scope="col">level</th>
 *       <th scope="col">the process was killed</th>
 *       <th scope="col">the kernel crashed</th>
 *       <th scope="col">the power was lost</th>
 *     </tr>
 *   </thead>
 *   <tbody>
 *     <tr>
 *       <th scope="row">{@link #BUFFERED}</th>
 *       <td>every record whose append returned ({@code KillTest})</td>
 *       <td>of each stream its beginning, as far as the kernel had written it, but at least to the last record made durable
 *           ({@code CrashExplorerTest})</td>
 *       <td>of each stream its beginning, as far as the disk had stored it, but at least to the last record made durable
 *           ({@code CrashExplorerTest})</td>
 *     </tr>
 *     <tr>
 *       <th scope="row">{@link #PERIODIC}</th>
 *       <td>every record whose append returned ({@code KillTest})</td>
 *       <td>every record whose append returned, but for those of the last flush interval and the flush that followed it
 *           ({@code CrashExplorerTest})</td>
 *       <td>every record whose append returned, but for those of the last flush interval and the flush that followed it
 *           ({@code PowerLossTest})</td>
 *     </tr>
 *     <tr>
 *       <th scope="row">{@link #IMMEDIATE}</th>
 *       <td>every record whose append returned ({@code KillTest})</td>
 *       <td>every record whose append returned ({@code CrashExplorerTest})</td>
 *       <td>every record whose append returned ({@code PowerLossTest})</td>
 *     </tr>
 *   </tbody>
 * </table>
 *
 * <p>Each cell names the test of the project that shows it: {@code KillTest} kills a writing process two hundred times; {@code
 * CrashExplorerTest} and {@code PowerLossTest} crash a log on a simulated disk, at every call, with any of what was not forced lost, torn
 * or in another order. To the simulated disk a crash of the kernel and a loss of power are the same: the page cache is gone.
 *
 * <p>What survives of a stream is always its beginning, without holes, and each of its records is whole. So what an append promises
 * includes all that came before it in its stream, at whichever level that was appended: one {@code IMMEDIATE} append makes the
 * {@code BUFFERED} ones before it durable. It says nothing about other streams.
 *
 * <p>"Killed" is said of a process whose log is opened again under the boot id that it was written under. Where that is another, or not known, as
 * in a container that moved with its volume, a killed process can't be told from a crashed kernel. Then records behind a slot that was in flight may
 * have been set aside in the log's directory {@code quarantine}, from where the command line brings them back. And where a volume loses
 * its page cache while the machine stays up, which nobody can see, or a kernel gives up pages after a flush that failed, records that weren't
 * durable may be missing before others that are kept.
 *
 * <p>A record is made durable by a flush at its level, by a later one of its stream, by a sync of its stream or of the log, when its
 * segment is sealed, and by {@link StreamWal#close()}: closing syncs, so that after it the table's last row holds for every record.
 *
 * <p>The promises are as good as the disk: one that says it has stored what it has not loses it. They end where a record is deleted, by
 * retention or by the program, or where somebody else removes its file, of which the {@link WalListener} is told when the log finds out.
 * After a flush that failed nothing more is promised, and nothing more is appended, at any level: {@link WalFailedException}.
 *
 * @since 1.0
 */
public enum Durability {

    /** In the page cache: no flush is waited for, and none is made for it. */
    BUFFERED,

    /**
     * In the page cache; all streams' records are flushed together, once in {@link WalOptions.Builder#flushInterval an interval}. An
     * append doesn't wait for that.
     */
    PERIODIC,

    /**
     * Flushed before the append returns. Appends that wait at the same time, of whichever streams, share a flush. It waits for no other
     * stream's records, but the disk does one thing after the other: beside a stream that takes hundreds of MB a second, a flush that takes 0.2 ms
     * otherwise may take tens of ms.
     */
    IMMEDIATE
}
