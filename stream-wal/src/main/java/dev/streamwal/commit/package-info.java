/**
 * Writing the commit journal, which makes records of all streams durable with one flush.
 *
 * <pre>
 *   commit/frontier                     {@link dev.streamwal.journal.FrontierLayout}: where the journal begins, what is durable without it
 *   commit/&lt;8 hex digits&gt;.journal   blocks ({@link dev.streamwal.journal.JournalBlockLayout})
 *                                       of entries ({@link dev.streamwal.journal.JournalEntryLayout})
 * </pre>
 */
@NullMarked
package dev.streamwal.commit;

import org.jspecify.annotations.NullMarked;
