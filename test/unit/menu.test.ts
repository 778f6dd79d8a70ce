import { describe, expect, test } from 'vitest';
import { generates } from '../../src/launch/other-models.ts';
import { plainPage, plainTyped } from '../../src/report/menu-plain-text.ts';
import {
  menuEntries,
  openMenu,
  pressed,
  type MenuModel,
  type MenuState,
  type Step,
} from '../../src/report/menu-state.ts';
import { menuBelow, menuQuestion, modelLines, noColours, type MenuLook } from '../../src/report/menu-text.ts';

const model = (label: string, more: Partial<MenuModel> = {}): MenuModel => ({
  choice: { kind: 'id', id: label },
  label,
  flag: '',
  id: label,
  state: 'fetch 5.2 GB',
  verdict: 'fits, to 65,536',
  speed: '',
  about: [`About ${label}.`],
  details: [['Model', label]],
  canFetch: true,
  canDelete: false,
  ...more,
});
const models = [
  model('Gemma 4', { flag: '--gemma', canDelete: true, canFetch: false, state: 'ready 15.6 GB' }),
  model('GLM', { flag: '--review', canDelete: true, state: '34 % of 16.9 GB' }),
  model('mlx-community/Qwen3-8B-4bit', { about: ['Not tested.'] }),
];
const opened = openMenu(models, null);

/** Types keys by name, letters as themselves, as a line editor would have them. */
function type(state: MenuState, ...keys: string[]): Step {
  let step: Step = { state };
  for (const key of keys) {
    const ctrl = key.startsWith('^');
    const name = ctrl ? key.slice(1) : key;
    const line =
      !ctrl && name.length === 1
        ? step.state.filter + name
        : name === 'backspace'
          ? step.state.filter.slice(0, -1)
          : step.state.filter;
    step = pressed(step.state, { name, ctrl }, line);
  }
  return step;
}

describe('keys of the menu', () => {
  test('Enter launches the marked model; the first one is marked at the start', () => {
    expect(type(opened, 'return').action).toEqual({ kind: 'launch', model: models[0] });
    expect(type(opened, 'down', 'down', 'up', 'enter').action).toEqual({ kind: 'launch', model: models[1] });
    expect(type(openMenu(models, 'GLM'), 'return').action).toEqual({ kind: 'launch', model: models[1] });
  });

  test('the mark stops at both ends, and pages, Home and End move it', () => {
    expect(type(opened, 'up').state.marked).toBe(0);
    expect(type(opened, 'end').state.marked).toBe(4);
    expect(type(opened, 'pagedown', 'down').state.marked).toBe(4);
    expect(type(opened, 'end', 'home').state.marked).toBe(0);
    expect(type(opened, '^n', '^n', '^p').state.marked).toBe(1);
  });

  test('cache management and Quit stand below the models', () => {
    expect(type(opened, 'end', 'up', 'return').action).toEqual({ kind: 'manage' });
    expect(type(opened, 'end', 'return').action).toEqual({ kind: 'quit' });
  });

  test('letters narrow the list by name, flag, id and state; Esc shows all, then leaves', () => {
    const narrow = type(opened, 'q', 'w', 'e', 'n').state;
    expect(menuEntries(narrow)).toEqual([{ kind: 'model', model: models[2] }]);
    expect(type(narrow, 'return').action).toEqual({ kind: 'launch', model: models[2] });
    expect(menuEntries({ ...opened, filter: 'READY gem' })).toEqual([{ kind: 'model', model: models[0] }]);
    expect(type(narrow, 'backspace', 'backspace', 'backspace', 'backspace').state.filter).toBe('');
    const all = type(narrow, 'escape');
    expect([all.state.filter, all.action]).toEqual(['', undefined]);
    expect(type(all.state, 'escape').action).toEqual({ kind: 'quit' });
  });

  test('nothing matches: Enter does nothing', () => {
    const none = type(opened, 'z', 'z', 'z').state;
    expect(menuBelow(none, look())).toContain('Nothing matches');
    expect(type(none, 'return').action).toBeUndefined();
  });

  test('Ctrl-F fetches what is not here, Ctrl-X deletes what is; f and x alone are letters', () => {
    expect(type(opened, '^x').action).toEqual({ kind: 'delete', model: models[0] });
    expect(type(opened, '^f').action).toBeUndefined();
    expect(type(opened, 'down', '^f').action).toEqual({ kind: 'fetch', model: models[1] });
    expect(type(opened, 'end', '^x').action).toBeUndefined();
    expect(type(opened, 'x').state.filter).toBe('x');
  });

  test('Tab and the right arrow show details; there letters do nothing, and Esc comes back to the same line', () => {
    for (const key of ['tab', 'right']) {
      const details = type(opened, 'down', key).state;
      expect(details.details).toBe(0);
      expect(menuBelow(details, look())).toContain('Model  GLM');
      expect(type(details, 'a').state.filter).toBe('');
      expect(type(details, 'escape').state).toEqual({ ...details, details: null });
      expect(type(details, 'escape').action).toBeUndefined();
      expect(type(details, 'return').action).toEqual({ kind: 'launch', model: models[1] });
    }
    expect(type(opened, 'end', 'right').state.details).toBeNull();
  });
});

function look(change: Partial<MenuLook> = {}): MenuLook {
  return { columns: 80, rows: 24, unicode: true, paint: noColours, ...change };
}

const many = Array.from({ length: 60 }, (_, index) =>
  model(`mlx-community/A-model-with-a-very-long-name-${index}-Instruct-2507-MLX-4bit`, {
    flag: index % 2 === 0 ? `--flag-${index}` : '',
    about: ['x'.repeat(30), Array.from({ length: 80 }, () => 'words').join(' ')],
    details: [
      ['Model', 'owner/name'],
      ['Memory', Array.from({ length: 90 }, () => 'words').join(' ')],
    ],
  }),
);

describe('how it looks', () => {
  test.each([
    [80, 24],
    [60, 24],
    [40, 12],
    [132, 50],
  ])('%i columns and %i rows are never exceeded, whatever is marked', (columns, rows) => {
    for (const marked of [0, 7, 30, 59, 61]) {
      for (const details of [null, 0, 3, 99]) {
        const state = { ...openMenu(many, null), marked, details: marked < 60 ? details : null };
        const text = [menuQuestion(state, look({ columns, rows })), menuBelow(state, look({ columns, rows }))].join(
          '\n',
        );
        expect(text.split('\n').filter((line) => line.length >= columns)).toEqual([]);
        expect(text.split('\n').length).toBeLessThanOrEqual(rows);
        if (details === null) expect(text).toMatch(/^❯ /m);
      }
    }
  });

  test('what is nice to have goes first where it is narrow', () => {
    const wide = models.map((one) => ({ ...one, speed: '412/38 tok/s' }));
    expect(modelLines(wide, 120)[0]).toMatch(/--gemma +412\/38 tok\/s$/);
    expect(modelLines(wide, 77)[0]).toMatch(/fits, to 65,536 {2}--gemma$/);
    expect(modelLines(wide, 57)[0]).toMatch(/^Gemma 4 +ready 15\.6 GB +fits, to 65,536$/);
    expect(modelLines(wide, 57)[2]).toMatch(/^mlx-com…Qwen3-8B-4bit|^mlx-\S*…\S+/);
  });

  test('without Unicode it is ASCII alone, and without colours no escape', () => {
    const text = menuBelow(opened, look({ unicode: false }));
    expect(text).toMatch(/^> Gemma 4/m);
    expect(text).toMatch(/^[\n -~]*$/);
  });

  test('the keys say what the marked model allows', () => {
    expect(menuBelow(opened, look())).toContain('Enter launch · Ctrl-X delete');
    expect(menuBelow(type(opened, 'end', 'up', 'up').state, look())).toContain(
      'Enter launch · Ctrl-F fetch · → details',
    );
  });
});

describe('the numbered menu of a dumb terminal', () => {
  test('shows all with numbers, no line too long', () => {
    const page = plainPage(opened, 60);
    expect(page).toMatch(/^ 1 Gemma 4/m);
    expect(page).toMatch(/^ m Manage the cache/m);
    expect(page.split('\n').filter((line) => line.length >= 60)).toEqual([]);
  });

  test('numbers launch, letters with numbers do the rest, words narrow', () => {
    const read = (typed: string, state = opened) => plainTyped(state, typed, 80);
    expect(read('')).toEqual({ action: { kind: 'launch', model: models[0] } });
    expect(read('2')).toEqual({ action: { kind: 'launch', model: models[1] } });
    expect(read('f2')).toEqual({ action: { kind: 'fetch', model: models[1] } });
    expect(read('X 1')).toEqual({ action: { kind: 'delete', model: models[0] } });
    expect(read('q')).toEqual({ action: { kind: 'quit' } });
    expect(read('m')).toEqual({ action: { kind: 'manage' } });
    expect(read('f 1')).toMatchObject({ page: 'Gemma 4 is here already.' });
    expect(read('x 3')).toMatchObject({ page: expect.stringContaining('Nothing of mlx-community') as string });
    expect(read('9')).toMatchObject({ page: 'There is no 9.' });
    expect(read('d 3')).toMatchObject({ page: expect.stringContaining('Not tested.') as string });
    const narrowed = read('qwen');
    expect(narrowed).toMatchObject({ state: { filter: 'qwen' } });
    if ('state' in narrowed)
      expect(read('1', narrowed.state)).toEqual({ action: { kind: 'launch', model: models[2] } });
    if ('state' in narrowed) expect(read('all', narrowed.state)).toMatchObject({ state: { filter: '' } });
  });
});

test.each([
  [{ architectures: ['Qwen3ForCausalLM'], model_type: 'qwen3' }, true],
  [{ architectures: ['Gemma4ForConditionalGeneration'] }, true],
  [{ architectures: ['BertModel'], model_type: 'bert' }, false],
  [{ architectures: ['WhisperForConditionalGeneration'] }, false],
  [{ architectures: ['Qwen2ForSequenceClassification'], model_type: 'qwen2' }, false],
  [{ model_type: 'llama' }, true],
  [{ model_type: 'clip' }, false],
  [null, false],
  [[], false],
])('a config of %j writes text: %s', (config, expected) => {
  expect(generates(config)).toBe(expected);
});
