package dev.streamwal;

import dev.streamwal.error.WalFailedException;

/**
 * What a record survives once its append has returned. Set for the log ({@link WalOptions.Builder#durability}), for the streams of a key
 * pattern ({@link StreamOptions.Builder#durability}), or for one append.
 *
 * <table>
 *   <caption>Which records are there afterwards, of those appended at each level</caption> <thead>
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
 *       <td>every record whose append returned, except those of the last flush interval and the flush that followed it
 *           ({@code CrashExplorerTest})</td>
 *       <td>every record whose append returned, except those of the last flush interval and the flush that followed it
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
 * CrashExplorerTest} and {@code PowerLossTest} crash a log on a simulated disk, at every call, with any bytes that were not forced lost, torn or in
 * another order. To the simulated disk a crash of the kernel and a loss of power are the same: the page cache is gone.
 *
 * <p>What survives of a stream is always its beginning, without holes, and each of its records is whole. So what an append promises
 * includes all that came before it in its stream, at whichever level that was appended: one {@code IMMEDIATE} append makes the
 * {@code BUFFERED} ones before it durable. It says nothing about other streams.
 *
 * <p>"Killed" means: the log is opened again under the boot id under which it was written. Under another or unknown boot id, as in a
 * container that moved with its volume, a killed process can't be told from a crashed kernel. Then records after a slot that was in flight
 * may have been moved to the log's directory {@code quarantine}, from which the command line restores them. Records that were not durable may
 * be missing before others that are kept in two cases: a volume loses its page cache while the machine stays up, which no program can detect;
 * or a kernel drops pages after a failed flush.
 *
 * <p>A record becomes durable by a flush at its level, by a later flush of its stream, by a sync of its stream or of the log, when its
 * segment is sealed, and by {@link StreamWal#close()}: closing syncs, so that the table's last row then holds for every record, except for those
 * that a killed writer left in streams that weren't brought in order since.
 *
 * <p>The promises are as good as the disk: a disk that reports data as stored without storing them loses them. They end when a record is
 * deleted, by retention or by the program, or when another program removes its file; the {@link WalListener} is called when the log finds
 * that out. After a failed flush nothing more is promised, and nothing more is appended, at any level: {@link WalFailedException}.
 *
 * @since 1.0
 */
public enum Durability {

    /** In the page cache: no flush is awaited, and none is made for this record. */
    BUFFERED,

    /**
     * In the page cache; the records of all streams are flushed together, once per {@link WalOptions.Builder#flushInterval interval}. An
     * append doesn't wait for that.
     */
    PERIODIC,

    /**
     * Flushed before the append returns. Appends that wait at the same time, also to different streams, share a flush. A flush waits for no
     * other stream's records, but the disk works sequentially: beside a stream that takes hundreds of MB a second, a flush of usually 0.2 ms
     * may take tens of ms.
     */
    IMMEDIATE
}
