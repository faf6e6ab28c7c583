/**
 * The commit journal, which makes records of all streams durable with one flush.
 *
 * <pre>
 *   commit/frontier                     {@link dev.streamwal.commit.FrontierLayout}: where the journal begins, what is durable without it
 *   commit/&lt;8 hex digits&gt;.journal   blocks ({@link dev.streamwal.commit.JournalBlockLayout})
 *                                       of entries ({@link dev.streamwal.commit.JournalEntryLayout})
 * </pre>
 */
@NullMarked
package dev.streamwal.commit;

import org.jspecify.annotations.NullMarked;
