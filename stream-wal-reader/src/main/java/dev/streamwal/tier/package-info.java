/**
 * Packs in a log's tier: a folder, mostly a bucket of an object store, to which old packs are moved.
 *
 * <h2>What is where</h2>
 *
 * <p>Of a pack in the tier the log's directory keeps its table ({@link dev.streamwal.pack.PackTableFile}): all of the pack but its segments. So a
 * writer appends, sweeps, lists keys and finds the ends of streams without the tier, and a reader reads from the tier only the data that it is asked
 * for, not what is needed to find that data. The tier has an object for each pack, the pack byte for byte and its
 * {@linkplain dev.streamwal.tier.ChunkChecksums checksums} behind it; an object that says to which log the tier belongs; and
 * {@linkplain dev.streamwal.tier.TierContent one} that says what the tier has. The log's manifest says which packs are in the tier, with the names
 * and the checksums of their objects. The manifest alone decides; files and objects that it doesn't name don't count.
 *
 * <h2>How a pack moves, and what a crash leaves</h2>
 *
 * <table>
 *   <caption>Steps of moving a pack to the tier</caption>
 *   <tr><th>step</th><th>what a crash right after it leaves</th></tr>
 *   <tr><td>0. The manifest gets an id for the tier; the tier gets a mark with the id.</td><td>A tier without a mark, or with this log's. It isn't
 *       another log's: the id was in the manifest first.</td></tr>
 *   <tr><td>1. The pack is copied to an object, whose name has a random part.</td><td>A part of an object, or all of it, that nothing names: the next
 *       writer's first pass deletes it.</td></tr>
 *   <tr><td>2. The object is forced, if the file system can do that, and all of it is read back and compared, by the checksums.</td><td>the
 *       same</td></tr>
 *   <tr><td>3. The table is written beside the pack by a temporary name, and forced.</td><td>The same, and a temporary file: it is deleted when the log
 *       is opened.</td></tr>
 *   <tr><td>4. The table gets its name, durably.</td><td>The same, and a table of a pack that isn't in the tier: it is deleted when the log is
 *       opened.</td></tr>
 *   <tr><td>5. The manifest says that the pack is in the tier. This is the moment.</td><td>The pack is in both. Its file is deleted when the log is
 *       opened.</td></tr>
 *   <tr><td>6. The pack's file is deleted.</td><td>The tier may not list the object yet: only a reader that has nothing but the tier misses it, until
 *       the next pass.</td></tr>
 *   <tr><td>7. The tier says what it has, in an object of its own.</td><td>Objects that the log has no more: the next pass deletes them.</td></tr>
 *   <tr><td>8. Objects are deleted that the manifest doesn't name.</td><td></td></tr>
 * </table>
 *
 * <p>A pack that is to be rewritten comes back in the opposite order: it is fetched to a temporary file and forced, gets its name, the manifest says
 * that it is in the log's directory, its table is deleted, and later its object. A pack that has expired, or was rewritten, leaves the manifest
 * first; then its table goes, then the tier's list is written without it, and then its object goes. So at every moment each pack that the manifest
 * lists is whole in at least one place, and each object that the tier itself lists exists.
 *
 * <h2>What may come between</h2>
 *
 * <ul>
 *   <li><i>A reader has the pack's file open while it goes.</i> It reads on. A reader that doesn't find the file, or the object, asks the manifest
 *       where the pack is now, and reads there: the manifest is changed after the copy is made and before the file goes. Only a pack that the
 *       manifest doesn't list has gone.
 *   <li><i>A merge, a sweep, an erasure takes the pack while it is copied.</i> Step 4 finds that it isn't listed any more, and records nothing. A
 *       pack in the tier isn't merged; one that has to be rewritten is fetched first, with no lock.
 *   <li><i>The change of the manifest that made the pack isn't over yet</i>, or failed and is made again: it ends with deleting the tables of new
 *       packs that aren't in the tier. So no such change runs between steps 4 and 5.
 *   <li><i>Two writers over time.</i> A writer that has lost the log and doesn't know yet may be in the middle of step 1, or of 8. No two uploads
 *       write to one name, so it spoils nothing. It can record nothing, because each change of the manifest asks whether the log is still its own. In
 *       step 8 it lists the tier first, then asks that, and deletes only objects that were in the list: those that a later writer has put there
 *       aren't.
 *   <li><i>Two logs with one tier.</i> Each writes its mark, then lists: at least one sees the other's mark, and refuses. A tier with another log's
 *       mark is refused. So is a tier without a mark, if the log has packs in the tier already: a volume that isn't mounted looks like that.
 *   <li><i>The tier is slow, full, away, or answers something else than was stored.</i> A call may hang as long as it likes: none is made with a lock, and
 *       none by a thread that appends, flushes, seals, packs or merges. A step that fails is tried again at a later pass, ever more rarely. Nothing
 *       is deleted from the log's directory before all of the copy was read back; later reads are compared with the same checksums. A wrong answer is
 *       a {@link dev.streamwal.io.TierFailure}, an exception of the file system: it never counts as damage, nor as a pack that has expired.
 *   <li><i>The log is closed while a call hangs.</i> Closing waits for a while, and then goes on; from then on the hanging thread can record nothing.
 * </ul>
 *
 * <h2>What is asked of the file system</h2>
 *
 * <p>To write an object from its beginning to its end and close it; to read a range; to delete; to list. No renames, appends, locks, links or times,
 * and no overwriting. See {@link dev.streamwal.tier.TierFolder}.
 */
@NullMarked
package dev.streamwal.tier;

import org.jspecify.annotations.NullMarked;
