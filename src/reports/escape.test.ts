import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeMarkdown, escapeHtml, escapeMarkdown, fencedMarkdown, writable } from './escape.js';

describe('escapeHtml', () => {
  it('leaves nothing that could begin a tag, an entity or end an attribute', () => {
    expect(escapeHtml(`<a b="c" d='e'>&amp;`)).toBe('&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;');
    const unit = fc.constantFrom('<', '>', '&', '"', "'", ';', '#', 'a', '\u0000', '\ud800');
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        expect(escapeHtml(text)).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
      }),
    );
  });

  it('replaces what XML cannot hold', () => {
    expect(writable('a\u0000b\u001bc\ud800d\uffff')).toBe('a\ufffdb\ufffdc\ufffdd\ufffd');
    expect(writable('tab\tline\n𝛼é')).toBe('tab\tline\n𝛼é');
  });
});

describe('Markdown', () => {
  it('makes markup plain', () => {
    expect(escapeMarkdown('a|b *c* [d](e) <f> `g` _h_\ni')).toBe(
      'a\\|b \\*c\\* \\[d\\]\\(e\\) \\<f\\> \\`g\\` \\_h\\_ i',
    );
    expect(escapeMarkdown('- no list')).toBe('\\- no list');
    expect(escapeMarkdown('1. none either')).toBe('1\\. none either');
    expect(escapeMarkdown('0.2880')).toBe('0.2880');
    expect(escapeMarkdown('https://x.y www.x.y')).toBe('https:\\/\\/x.y www\\.x.y');
  });

  it('quotes code by more backticks than it has', () => {
    expect(codeMarkdown('alpt:8')).toBe('`alpt:8`');
    expect(codeMarkdown('a``b`c')).toBe('```a``b`c```');
    expect(codeMarkdown('`')).toBe('`` ` ``');
    expect(codeMarkdown('a|b\nc', true)).toBe('`a\\|b c`');
    expect(codeMarkdown('a|b')).toBe('`a|b`');
    expect(fencedMarkdown('a\n```\nb\n', 'yaml')).toBe('````yaml\na\n```\nb\n````');
  });
});
